// The head reads the first token or the mean of all: in the first case only the first token's attention is computed in
// the last layer.
#include "onnx/modern_bert_graph.h"

#include <fmt/format.h>

#include <cmath>

#include "onnx/graph_parts.h"

namespace winnow {
namespace {

class ModernBertGraph : GraphParts {
 public:
  ModernBertGraph(const WeightFile& checkpoint, const ModelConfig& config, const EncoderGraphOptions& options)
      : GraphParts(checkpoint, config, options), head_size_(hidden_ / config.num_heads) {}

  Result<OnnxModel> Build() {
    InputsAndOutput();
    Masks();
    for (const bool local : {false, true}) Rotations(local);
    std::string x =
        TRY(LayerNorm("embeddings/norm", std::string(names_.embedding_norm), TRY(Words()), hidden_, /*biased=*/false));
    for (int l = 0; l < config_.num_layers; ++l) x = TRY(Layer(l, x));
    x = TRY(LayerNorm("final_norm", kFinalNorm, x, hidden_, /*biased=*/false));
    TRY(Head(x));
    return graph_.Take();
  }

 private:
  /// What differs between global and local layers.
  struct Kind {
    std::string mask, first_mask, cosines, sines;
  };

  /// Adds the attention masks of global layers, [batch, 1, 1, sequence], and of local ones, [batch, 1, sequence,
  /// sequence].
  void Masks() {
    global_.mask = Mask();
    const std::string size = graph_.Node("Abs", "mask/distances", {Distances()});
    const std::string far =
        graph_.Node("Greater", "mask/far", {size, graph_.Int("mask/window", config_.local_distance)});
    const std::string outside =
        graph_.Node("Mul", "mask/outside", {ToFloat("mask/outside/kept", far), graph_.Scalar("mask/masked", kMasked)});
    local_.mask = graph_.Node("Min", "mask/local", {global_.mask, outside});
    const std::string of_first =
        graph_.Node("Gather", "mask/of_first", {outside, graph_.Ints("first", {0})}, {{"axis", int64_t{0}}});
    local_.first_mask = graph_.Node("Min", "mask/local/of_first", {global_.mask, of_first});
    global_.first_mask = global_.mask;
  }

  /// Cosines and sines of the angles of all positions [sequence, head size], whose two halves are the same.
  void Rotations(bool local) {
    Kind& kind = local ? local_ : global_;
    const std::string scope = local ? "rotary/local" : "rotary/global";
    const float theta = local ? config_.local_rope_theta : config_.global_rope_theta;
    std::vector<float> frequencies;
    for (int64_t i = 0; i < head_size_; ++i) {
      const int64_t pair = i % (head_size_ / 2);
      frequencies.push_back(1.0f / std::pow(theta, static_cast<float>(2 * pair) / static_cast<float>(head_size_)));
    }
    const std::string places =
        graph_.Node("Unsqueeze", scope + "/places", {Places(), graph_.Ints("positions/axis_1", {1})});
    const std::string angles = graph_.Node(
        "Mul", scope + "/angles",
        {ToFloat(scope + "/positions", places), graph_.Floats(scope + "/frequencies", {1, head_size_}, frequencies)});
    kind.cosines = graph_.Node("Cos", scope + "/cosines", {angles});
    kind.sines = graph_.Node("Sin", scope + "/sines", {angles});
  }

  /// x [batch, heads, sequence, head size], turned by the positions.
  std::string Turned(const std::string& name, const Kind& kind, const std::string& x) {
    graph_.Node("Split", name + "/halves", {x}, {{"axis", int64_t{-1}}}, /*outputs=*/2);
    const std::string negative = graph_.Node("Neg", name + "/negative", {name + "/halves:1"});
    const std::string crossed =
        graph_.Node("Concat", name + "/crossed", {negative, name + "/halves"}, {{"axis", int64_t{-1}}});
    return graph_.Node("Add", name,
                       {graph_.Node("Mul", name + "/straight", {x, kind.cosines}),
                        graph_.Node("Mul", name + "/across", {crossed, kind.sines})});
  }

  std::string ByHead(const std::string& name, const std::string& x) {
    const std::string split = graph_.Ints("heads", {0, 0, config_.num_heads, head_size_});
    return graph_.Node("Transpose", name + "/by_head", {graph_.Node("Reshape", name + "/split", {x, split})},
                       {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  }

  std::string FirstToken(const std::string& name, const std::string& x, int64_t axis) {
    return graph_.Node("Gather", name, {x, graph_.Ints("first", {0})}, {{"axis", axis}});
  }

  Result<std::string> Layer(int l, const std::string& x) {
    const std::string scope = fmt::format("layer.{}", l);
    const std::string weights = fmt::format("{}{}.", names_.layer, l);
    const auto weight = [&](std::string_view name) { return weights + std::string(name); };
    const bool firsts = ComputesFirstsOnly(config_, static_cast<size_t>(l));
    std::string normed = x;  // the first layer's input is normalized already
    if (l > 0) normed = TRY(LayerNorm(scope + "/normed", weight(names_.attention_norm), x, hidden_, /*biased=*/false));
    const std::string context = TRY(Attention(l, scope, weight(names_.query), normed));
    const std::string residual = firsts ? FirstToken(scope + "/first_token", x, 1) : x;
    const std::string out =
        TRY(Linear(scope + "/out", weight(names_.out), context, hidden_, hidden_, /*biased=*/false));
    const std::string middle = graph_.Node("Add", scope + "/middle", {residual, out});

    const std::string attended =
        TRY(LayerNorm(scope + "/attended", weight(names_.output_norm), middle, hidden_, /*biased=*/false));
    const int64_t i = config_.intermediate_size;
    const std::string up = TRY(Linear(scope + "/up", weight(names_.up), attended, 2 * i, hidden_, /*biased=*/false));
    const std::string halves = graph_.Node("Split", scope + "/up/halves", {up}, {{"axis", int64_t{-1}}}, /*outputs=*/2);
    const std::string activated = Activate(config_.activation, scope + "/act", halves);
    const std::string gated = graph_.Node("Mul", scope + "/gated", {activated, halves + ":1"});
    const std::string down = TRY(Linear(scope + "/down", weight(names_.down), gated, hidden_, i, /*biased=*/false));
    return graph_.Node("Add", scope + "/output", {middle, down});
  }

  /// [batch, queries, hidden]
  Result<std::string> Attention(int l, const std::string& scope, const std::string& weights, const std::string& x) {
    const bool firsts = ComputesFirstsOnly(config_, static_cast<size_t>(l));
    const Kind& kind = IsLocalLayer(config_, static_cast<size_t>(l)) ? local_ : global_;
    const std::string qkv = TRY(Linear(scope + "/qkv", weights, x, 3 * hidden_, hidden_, /*biased=*/false));
    const std::string parts = graph_.Node("Split", scope + "/parts", {qkv}, {{"axis", int64_t{-1}}}, /*outputs=*/3);
    std::string query = ByHead(scope + "/query", parts);
    // The first token's angles are 0.
    query = firsts ? FirstToken(scope + "/query/first", query, 2) : Turned(scope + "/query/turned", kind, query);
    const std::string key = Turned(scope + "/key/turned", kind, ByHead(scope + "/key", parts + ":1"));
    const std::string value = ByHead(scope + "/value", parts + ":2");
    const std::string keys =
        graph_.Node("Transpose", scope + "/key/columns", {key}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    const std::string products = graph_.Node("MatMul", scope + "/products", {query, keys});
    const std::string scaled = graph_.Node(
        "Div", scope + "/scaled", {products, graph_.Scalar("root", std::sqrt(static_cast<float>(head_size_)))});
    const std::string scores = graph_.Node("Add", scope + "/scores", {scaled, firsts ? kind.first_mask : kind.mask});
    const std::string attention = graph_.Node("Softmax", scope + "/attention", {scores}, {{"axis", int64_t{-1}}});
    const std::string context = graph_.Node("MatMul", scope + "/context", {attention, value});
    const std::string by_token =
        graph_.Node("Transpose", scope + "/context/by_token", {context}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    return graph_.Node("Reshape", scope + "/context/joined", {by_token, graph_.Ints("hidden", {0, 0, hidden_})});
  }

  /// `x` is [batch, 1, hidden], or with all tokens where the head reads their mean.
  Result<void> Head(const std::string& x) {
    const std::string axis = graph_.Ints("head/axis", {1});
    std::string features;
    if (config_.mean_pooling) {
      const std::string kept = graph_.Node("Unsqueeze", "head/kept",
                                           {ToFloat("head/mask", "attention_mask"), graph_.Ints("head/last", {2})});
      const std::string sum = graph_.Node("ReduceSum", "head/sum", {graph_.Node("Mul", "head/tokens", {x, kept}), axis},
                                          {{"keepdims", int64_t{0}}});
      const std::string count = graph_.Node("ReduceSum", "head/count", {kept, axis}, {{"keepdims", int64_t{0}}});
      features = graph_.Node("Div", "head/mean", {sum, count});
    } else {
      features = graph_.Node("Squeeze", "head/first_token", {x, axis});
    }
    const Affine dense = TRY(Find(std::string(names_.head_dense), hidden_, hidden_, /*head=*/true, /*biased=*/false));
    const std::string activated =
        Activate(config_.pooler_activation, "head/act", TRY(Apply("head/dense", dense, features)));
    return Classifier(TRY(LayerNorm("head/norm", kHeadNorm, activated, hidden_, /*biased=*/false, /*head=*/true)));
  }

  const int64_t head_size_;
  Kind global_, local_;
};

}  // namespace

Result<OnnxModel> BuildModernBertGraph(const WeightFile& checkpoint, const ModelConfig& config,
                                       const EncoderGraphOptions& options) {
  return ModernBertGraph(checkpoint, config, options).Build();
}

}  // namespace winnow

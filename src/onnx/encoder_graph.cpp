// The head reads the first token alone, so only that is computed in the last layer.
#include "onnx/encoder_graph.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "bundle/relative_row.h"
#include "onnx/graph_parts.h"
#include "onnx/modern_bert_graph.h"

namespace winnow {
namespace {

class EncoderGraph : GraphParts {
 public:
  EncoderGraph(const WeightFile& checkpoint, const ModelConfig& config, const EncoderGraphOptions& options)
      : GraphParts(checkpoint, config, options) {}

  Result<OnnxModel> Build() {
    InputsAndOutput();
    const std::string mask = Mask();
    std::string x = TRY(Embeddings());
    if (config_.relative_span > 0) TRY(RelativePositions());
    if (config_.bias_buckets > 0) TRY(AttentionBias());
    for (int l = 0; l < config_.num_layers; ++l) x = TRY(Layer(l, x, mask));
    TRY(Head(x));
    return graph_.Take();
  }

 private:
  Result<std::string> Embeddings() {
    std::vector<float> type_0;  // of all tokens, where types are no input: added to every position once and for all
    std::string types;
    if (config_.type_vocab_size > 0) {
      const Weight table = TRY(checkpoint_.Encoder(kTypeEmbeddings, {config_.type_vocab_size, width_}));
      if (options_.token_types) {
        const std::string name = graph_.Streamed(FloatRows(kTypeEmbeddings, table));
        types = graph_.Node("Gather", "embeddings/token_types", {name, "token_type_ids"});
      } else {
        type_0.resize(table.columns());
        TRY(table.Read(0, type_0));
      }
    }

    std::string x = TRY(Words());
    if (config_.absolute_positions) {
      x = TRY(AddPositions(x, std::move(type_0)));
    } else if (!type_0.empty()) {
      x = graph_.Node("Add", "embeddings/sum", {x, graph_.Floats("embeddings/type_0", {width_}, type_0)});
    }
    if (!types.empty()) x = graph_.Node("Add", "embeddings/sum_with_types", {x, types});
    x = TRY(LayerNorm("embeddings/norm", std::string(names_.embedding_norm), x, width_));
    if (config_.embedding_size == 0) return x;
    return Linear("embeddings/projected", std::string(names_.project.substr(names_.prefix.size())), x, hidden_, width_);
  }

  /// RoBERTa's [batch, sequence], as transformers' create_position_ids_from_input_ids computes them: the tokens that
  /// are not padding are counted from the padding's id on, and padding, wherever it stands, has the position of its id.
  std::string PositionsWithoutPadding() {
    const std::string padding = graph_.Int("embeddings/padding", PositionPadding(config_));
    const std::string is_padding = graph_.Node("Equal", "embeddings/is_padding", {"input_ids", padding});
    const std::string counts =
        graph_.Node("Cast", "embeddings/counts", {graph_.Node("Not", "embeddings/kept", {is_padding})},
                    {{"to", int64_t{onnx::TensorProto::INT64}}});
    const std::string so_far =
        graph_.Node("CumSum", "embeddings/so_far", {counts, graph_.Int("embeddings/sequence_axis", 1)});
    const std::string numbers = graph_.Node("Mul", "embeddings/numbers", {so_far, counts});
    return graph_.Node("Add", "embeddings/position_ids", {numbers, padding});
  }

  /// Adds the tokens' positions to `x`, and `addend` to each of them.
  Result<std::string> AddPositions(const std::string& x, std::vector<float> addend) {
    const Weight positions = TRY(checkpoint_.Encoder(kPositionEmbeddings, {config_.max_positions, width_}));
    const std::string padding_free = PositionPadding(config_) < 0 ? std::string() : PositionsWithoutPadding();
    const auto rows = [&](const std::string& name, const std::string& table) {
      if (!padding_free.empty()) return graph_.Node("Gather", name, {table, padding_free});
      const std::string axis = graph_.Ints("embeddings/axis", {0});
      return graph_.Node("Slice", name, {table, axis, Length(), axis});
    };
    const std::string position =
        TRY(Rows("embeddings/positions", kPositionEmbeddings, positions, std::move(addend), rows));
    std::string sum = graph_.Node("Add", "embeddings/sum", {x, position});
    // That as many positions were taken as there are tokens can't be inferred; all further shapes follow from it.
    graph_.Shape(sum, onnx::TensorProto::FLOAT, {"batch", "sequence", width_});
    return sum;
  }

  /// DeBERTa's table, normalized, and for each pair of tokens the row that their distance has.
  Result<void> RelativePositions() {
    const Weight table = TRY(checkpoint_.Encoder(kRelativeEmbeddings, {2 * config_.relative_span, hidden_}));
    const std::string rows = graph_.Streamed(FloatRows(kRelativeEmbeddings, table));
    relative_ = TRY(LayerNorm("positions/norm", kRelativeNorm, rows, hidden_));
    const int longest = MaxTokens(config_);
    std::vector<int64_t> row_of;
    for (int d = 1 - longest; d < longest; ++d) row_of.push_back(RelativeRow(config_, d));
    rows_of_pairs_ =
        graph_.Node("Gather", "positions/rows", {graph_.Ints("positions/row_of", row_of), ShiftedDistances()});
    return {};
  }

  /// Returns the distances, shifted so that the smallest possible one becomes 0.
  std::string ShiftedDistances() {
    return graph_.Node("Add", "positions/shifted",
                       {Distances(), graph_.Ints("positions/shift", {MaxTokens(config_) - 1})});
  }

  /// MPNet's [heads, sequence, sequence], which all layers add to their scores; and the first token's row of it.
  Result<void> AttentionBias() {
    const Weight table = TRY(checkpoint_.Encoder(kAttentionBias, {config_.bias_buckets, config_.num_heads}));
    std::vector<int64_t> bucket_of;
    // By the query's position minus the key's, as ShiftedDistances has it.
    for (int d = 1 - MaxTokens(config_); d < MaxTokens(config_); ++d) bucket_of.push_back(BiasBucket(-d));
    const std::string buckets =
        graph_.Node("Gather", "positions/buckets", {graph_.Ints("positions/bucket_of", bucket_of), ShiftedDistances()});
    const std::string by_pair =
        graph_.Node("Gather", "positions/biases", {graph_.Streamed(FloatRows(kAttentionBias, table)), buckets});
    biases_ =
        graph_.Node("Transpose", "positions/biases/by_head", {by_pair}, {{"perm", std::vector<int64_t>{2, 0, 1}}});
    first_biases_ = graph_.Node("Gather", "positions/biases/of_first", {biases_, graph_.Ints("first", {0})},
                                {{"axis", int64_t{1}}});
    return {};
  }

  /// What relative positions add to a layer's products [batch, heads, queries, tokens]: c2p and p2c of He et al. 2020.
  /// `query` is [batch, heads, queries, size], `key` [batch, heads, size, tokens]; `first`: true if
  /// only the first token of a text has a query.
  Result<std::string> RelativeScores(const std::string& scope, const std::string& weights, const std::string& query,
                                     const std::string& key, bool first) {
    const int64_t heads = config_.num_heads;
    const int64_t size = hidden_ / heads;
    const bool shared = config_.share_position_weights;
    const auto project = [&](const char* name, std::string_view from) -> Result<std::string> {
      const std::string path = scope + "/" + name;
      const std::string rows = TRY(Linear(path, weights + std::string(from), relative_, hidden_, hidden_));
      const std::string split =
          graph_.Node("Reshape", path + "/split", {rows, graph_.Ints("positions/heads", {0, heads, size})});
      return graph_.Node("Transpose", path + "/by_head", {split}, {{"perm", std::vector<int64_t>{1, 2, 0}}});
    };
    const std::string query_rows = TRY(project("position_query", shared ? names_.query : names_.position_query));
    const std::string key_rows = TRY(project("position_key", shared ? names_.key : names_.position_key));

    std::string rows = rows_of_pairs_;  // [queries, tokens]
    if (first)
      rows = graph_.Node("Gather", scope + "/rows_of_first", {rows, graph_.Ints("positions/axis_0", {0})},
                         {{"axis", int64_t{0}}});
    const auto taken = [&](const std::string& name, const std::string& scores, const std::string& which) {
      // As many of the scores' last axis as `which` has, for each of the axes before.
      const std::string before =
          graph_.Node("Shape", name + "/before", {scores}, {{"start", int64_t{0}}, {"end", int64_t{3}}});
      const std::string last =
          graph_.Node("Shape", name + "/last", {which}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
      const std::string shape = graph_.Node("Concat", name + "/shape", {before, last}, {{"axis", int64_t{0}}});
      const std::string expanded = graph_.Node("Expand", name + "/which", {which, shape});
      return graph_.Node("GatherElements", name, {scores, expanded}, {{"axis", int64_t{-1}}});
    };
    const std::string of_queries = graph_.Node("MatMul", scope + "/c2p/all", {query, key_rows});
    const std::string c2p = taken(scope + "/c2p", of_queries, rows);
    const std::string keys =
        graph_.Node("Transpose", scope + "/p2c/keys", {key}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    const std::string of_keys = graph_.Node("MatMul", scope + "/p2c/all", {keys, query_rows});
    const std::string by_key =
        graph_.Node("Transpose", scope + "/p2c/rows", {rows}, {{"perm", std::vector<int64_t>{1, 0}}});
    const std::string p2c = graph_.Node("Transpose", scope + "/p2c/by_query", {taken(scope + "/p2c", of_keys, by_key)},
                                        {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    return graph_.Node("Add", scope + "/relative", {c2p, p2c});
  }

  Result<std::string> Layer(int l, const std::string& x, const std::string& mask) {
    const std::string scope = fmt::format("layer.{}", l);
    const std::string weights = fmt::format("{}{}.", names_.layer, GroupOfLayer(config_, l));
    const auto weight = [&](std::string_view name) { return weights + std::string(name); };
    const int64_t h = hidden_;
    const int64_t i = config_.intermediate_size;
    const int64_t heads = config_.num_heads;
    std::string rows = x;  // whose output is computed
    if (l + 1 == config_.num_layers)
      rows = graph_.Node("Gather", scope + "/first_token", {x, graph_.Ints("first", {0})}, {{"axis", int64_t{1}}});

    const std::string split = graph_.Ints("heads", {0, 0, heads, h / heads});
    const auto project = [&](const char* name, std::string_view from, const std::string& input,
                             std::vector<int64_t> order) -> Result<std::string> {
      const std::string projected = TRY(Linear(scope + "/" + name, weight(from), input, h, h));
      const std::string by_head = graph_.Node("Reshape", scope + "/" + name + "/split", {projected, split});
      return graph_.Node("Transpose", scope + "/" + name + "/by_head", {by_head}, {{"perm", std::move(order)}});
    };
    const std::string query = TRY(project("query", names_.query, rows, {0, 2, 1, 3}));
    const std::string key = TRY(project("key", names_.key, x, {0, 2, 3, 1}));
    const std::string value = TRY(project("value", names_.value, x, {0, 2, 1, 3}));

    std::string products = graph_.Node("MatMul", scope + "/products", {query, key});
    float kinds = 1;  // of scores that are added
    if (config_.relative_span > 0) {
      kinds = 3;
      const bool first = l + 1 == config_.num_layers;
      products = graph_.Node("Add", scope + "/all_products",
                             {products, TRY(RelativeScores(scope, weights, query, key, first))});
    }
    const std::string root = graph_.Scalar("root", std::sqrt(kinds * static_cast<float>(h / heads)));
    const std::string scaled = graph_.Node("Div", scope + "/scaled", {products, root});
    std::string biased = scaled;
    if (config_.bias_buckets > 0) {
      const bool first = l + 1 == config_.num_layers;
      biased = graph_.Node("Add", scope + "/biased", {scaled, first ? first_biases_ : biases_});
    }
    const std::string scores = graph_.Node("Add", scope + "/scores", {biased, mask});
    const std::string attention = graph_.Node("Softmax", scope + "/attention", {scores}, {{"axis", int64_t{-1}}});
    const std::string context = graph_.Node("MatMul", scope + "/context", {attention, value});
    const std::string by_token =
        graph_.Node("Transpose", scope + "/context/by_token", {context}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    const std::string joined =
        graph_.Node("Reshape", scope + "/context/joined", {by_token, graph_.Ints("hidden", {0, 0, h})});

    const std::string out = TRY(Linear(scope + "/out", weight(names_.out), joined, h, h));
    const std::string attended = TRY(LayerNorm(scope + "/attended", weight(names_.attention_norm),
                                               graph_.Node("Add", scope + "/out/residual", {out, rows}), h));
    const std::string up = TRY(Linear(scope + "/up", weight(names_.up), attended, i, h));
    const std::string down =
        TRY(Linear(scope + "/down", weight(names_.down), Activate(config_.activation, scope + "/act", up), h, i));
    return LayerNorm(scope + "/output", weight(names_.output_norm),
                     graph_.Node("Add", scope + "/down/residual", {down, attended}), h);
  }

  /// `x` is [batch, 1, hidden].
  Result<void> Head(const std::string& x) {
    const std::string first = graph_.Node("Squeeze", "head/first_token", {x, graph_.Ints("head/axis", {1})});
    const Affine dense = TRY(Find(std::string(names_.head_dense), hidden_, hidden_, /*head=*/true));
    const std::string projected = TRY(Apply("head/dense", dense, first));
    const std::optional<HiddenActivation> activation = HeadActivationOf(config_);
    return Classifier(activation ? Activate(*activation, "head/pooled", projected)
                                 : graph_.Node("Tanh", "head/pooled", {projected}));
  }

  std::string relative_;               // DeBERTa's table [2 span, hidden]
  std::string rows_of_pairs_;          // [sequence, sequence]
  std::string biases_, first_biases_;  // MPNet's
};

}  // namespace

Result<OnnxModel> BuildEncoderGraph(const WeightFile& checkpoint, const ModelConfig& config,
                                    const EncoderGraphOptions& options) {
  if (config.labels.empty()) {
    return Fail(ErrorCode::kInvalidModel, "config.json describes a base model, which has no classification head",
                "fine-tune it first: winnow train DATA --base-model DIR");
  }
  if (options.token_types && config.type_vocab_size == 0) {
    return Fail(ErrorCode::kUnsupported, fmt::format("a {} model has no token types", ModelTypeOf(config.architecture)),
                "omit --with-token-types");
  }
  if (IsPreNorm(config)) return BuildModernBertGraph(checkpoint, config, options);
  return EncoderGraph(checkpoint, config, options).Build();
}

}  // namespace winnow

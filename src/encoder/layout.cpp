#include "encoder/layout.h"

namespace winnow {
namespace {

/// The parts of a weight's name in which the families differ.
struct Names {
  std::string prefix;
  std::string embedding_norm;
  std::string layer;
  std::string query, key, value, out, attention_norm, up, down, output_norm;
  std::string head_dense;
};

const Names& NamesOf(Architecture architecture) {
  static const Names bert{
      .prefix = "bert.",
      .embedding_norm = "embeddings.LayerNorm",
      .layer = "encoder.layer.",
      .query = "attention.self.query",
      .key = "attention.self.key",
      .value = "attention.self.value",
      .out = "attention.output.dense",
      .attention_norm = "attention.output.LayerNorm",
      .up = "intermediate.dense",
      .down = "output.dense",
      .output_norm = "output.LayerNorm",
      .head_dense = "bert.pooler.dense",
  };
  static const Names distilbert{
      .prefix = "distilbert.",
      .embedding_norm = "embeddings.LayerNorm",
      .layer = "transformer.layer.",
      .query = "attention.q_lin",
      .key = "attention.k_lin",
      .value = "attention.v_lin",
      .out = "attention.out_lin",
      .attention_norm = "sa_layer_norm",
      .up = "ffn.lin1",
      .down = "ffn.lin2",
      .output_norm = "output_layer_norm",
      .head_dense = "pre_classifier",
  };
  return architecture == Architecture::kBert ? bert : distilbert;
}

/// Hands out places in the array, one weight after the other, in groups that begin at a cache line.
class Placer {
 public:
  explicit Placer(Layout& layout) : layout_(layout) {}

  size_t Add(const std::string& name, std::vector<int64_t> shape, WeightInfo::Init init) {
    WeightInfo info{
        .name = name, .shape = std::move(shape), .offset = layout_.total, .count = 1, .init = init, .depth = depth};
    for (const int64_t size : info.shape) info.count *= static_cast<size_t>(size);
    layout_.total += info.count;
    layout_.weights.push_back(std::move(info));
    return layout_.weights.back().offset;
  }
  size_t Matrix(const std::string& name, int64_t rows, int64_t columns) {
    Align();
    return Add(name, {rows, columns}, WeightInfo::Init::kNormal);
  }
  size_t Vector(const std::string& name, int64_t size, WeightInfo::Init init) {
    Align();
    return Add(name, {size}, init);
  }
  int depth = 0;  // of what is added

  void Align() { layout_.total = (layout_.total + 15) / 16 * 16; }

 private:
  Layout& layout_;
};

}  // namespace

Layout::Layout(const ModelConfig& config) {
  using Init = WeightInfo::Init;
  const Names& names = NamesOf(config.architecture);
  const int64_t h = config.hidden_size;
  const int64_t i = config.intermediate_size;
  const auto num_labels = static_cast<int64_t>(config.labels.size());
  Placer place(*this);
  layers.resize(static_cast<size_t>(config.num_layers));
  const auto in_layer = [&](size_t l) { return names.prefix + names.layer + std::to_string(l) + "."; };

  words = place.Matrix(names.prefix + "embeddings.word_embeddings.weight", config.vocab_size, h);
  place.Align();
  matrices = total;
  positions = place.Matrix(names.prefix + "embeddings.position_embeddings.weight", config.max_positions, h);
  if (config.type_vocab_size > 0) {
    segments = place.Matrix(names.prefix + "embeddings.token_type_embeddings.weight", config.type_vocab_size, h);
  }
  for (size_t l = 0; l < layers.size(); ++l) {
    LayerLayout& layer = layers[l];
    place.depth = static_cast<int>(l) + 1;
    layer.qkv = place.Matrix(in_layer(l) + names.query + ".weight", h, h);
    place.Add(in_layer(l) + names.key + ".weight", {h, h}, Init::kNormal);
    place.Add(in_layer(l) + names.value + ".weight", {h, h}, Init::kNormal);
    layer.out = place.Matrix(in_layer(l) + names.out + ".weight", h, h);
    layer.up = place.Matrix(in_layer(l) + names.up + ".weight", i, h);
    layer.down = place.Matrix(in_layer(l) + names.down + ".weight", h, i);
  }
  const auto mark = [&](bool optional) {
    weights.back().head = true;
    weights.back().optional = optional;
  };
  place.depth = head_depth();
  const bool pooler = config.architecture == Architecture::kBert;
  head_dense = place.Matrix(names.head_dense + ".weight", h, h);
  mark(pooler);
  classifier = place.Matrix("classifier.weight", num_labels, h);
  mark(false);

  place.Align();
  vectors = total;
  place.depth = 0;
  embedding_gamma = place.Vector(names.prefix + names.embedding_norm + ".weight", h, Init::kOne);
  embedding_beta = place.Vector(names.prefix + names.embedding_norm + ".bias", h, Init::kZero);
  for (size_t l = 0; l < layers.size(); ++l) {
    LayerLayout& layer = layers[l];
    place.depth = static_cast<int>(l) + 1;
    layer.qkv_bias = place.Vector(in_layer(l) + names.query + ".bias", h, Init::kZero);
    place.Add(in_layer(l) + names.key + ".bias", {h}, Init::kZero);
    place.Add(in_layer(l) + names.value + ".bias", {h}, Init::kZero);
    layer.out_bias = place.Vector(in_layer(l) + names.out + ".bias", h, Init::kZero);
    layer.attention_gamma = place.Vector(in_layer(l) + names.attention_norm + ".weight", h, Init::kOne);
    layer.attention_beta = place.Vector(in_layer(l) + names.attention_norm + ".bias", h, Init::kZero);
    layer.up_bias = place.Vector(in_layer(l) + names.up + ".bias", i, Init::kZero);
    layer.down_bias = place.Vector(in_layer(l) + names.down + ".bias", h, Init::kZero);
    layer.output_gamma = place.Vector(in_layer(l) + names.output_norm + ".weight", h, Init::kOne);
    layer.output_beta = place.Vector(in_layer(l) + names.output_norm + ".bias", h, Init::kZero);
  }
  place.depth = head_depth();
  head_dense_bias = place.Vector(names.head_dense + ".bias", h, Init::kZero);
  mark(pooler);
  classifier_bias = place.Vector("classifier.bias", num_labels, Init::kZero);
  mark(false);
  place.Align();
}

}  // namespace winnow

#include "encoder/layout.h"

#include <algorithm>

#include "bundle/weight_names.h"

namespace winnow {
namespace {

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
  const WeightNames& names = WeightNamesOf(config.architecture);
  const std::string prefix(names.prefix);
  const int64_t h = config.hidden_size;
  const int64_t e = EmbeddingSize(config);
  const int64_t i = config.intermediate_size;
  const auto num_labels = static_cast<int64_t>(config.labels.size());
  const bool relative_positions = config.relative_span > 0;
  const bool own_relative = relative_positions && !config.share_position_weights;
  Placer place(*this);
  groups.resize(static_cast<size_t>(NumLayerGroups(config)));
  std::vector<int> depths(groups.size());
  for (int l = 0; l < config.num_layers; ++l) depths[static_cast<size_t>(GroupOfLayer(config, l))] = l + 1;
  const auto in_layer = [&](size_t l, std::string_view name, const char* part) {
    return prefix + std::string(names.layer) + std::to_string(l) + "." + std::string(name) + part;
  };

  words = place.Matrix(prefix + kWordEmbeddings, config.vocab_size, e);
  place.Align();
  matrices = total;
  if (config.absolute_positions) positions = place.Matrix(prefix + kPositionEmbeddings, config.max_positions, e);
  if (config.type_vocab_size > 0) segments = place.Matrix(prefix + kTypeEmbeddings, config.type_vocab_size, e);
  if (relative_positions) relative = place.Matrix(prefix + kRelativeEmbeddings, 2 * config.relative_span, h);
  if (config.embedding_size > 0) project = place.Matrix(std::string(names.project) + ".weight", h, e);
  for (size_t l = 0; l < groups.size(); ++l) {
    LayerLayout& layer = groups[l];
    place.depth = depths[l];
    layer.qkv = place.Matrix(in_layer(l, names.query, ".weight"), h, h);
    place.Add(in_layer(l, names.key, ".weight"), {h, h}, Init::kNormal);
    place.Add(in_layer(l, names.value, ".weight"), {h, h}, Init::kNormal);
    layer.relative = layer.qkv;
    if (own_relative) {
      layer.relative = place.Matrix(in_layer(l, names.position_query, ".weight"), h, h);
      place.Add(in_layer(l, names.position_key, ".weight"), {h, h}, Init::kNormal);
    }
    layer.out = place.Matrix(in_layer(l, names.out, ".weight"), h, h);
    layer.up = place.Matrix(in_layer(l, names.up, ".weight"), i, h);
    layer.down = place.Matrix(in_layer(l, names.down, ".weight"), h, i);
  }
  const auto mark = [&](bool optional) {
    weights.back().head = true;
    weights.back().optional = optional;
  };
  place.depth = config.num_layers + 1;
  const bool pooler = config.architecture == Architecture::kBert || config.architecture == Architecture::kAlbert;
  head_dense = place.Matrix(std::string(names.head_dense) + ".weight", h, h);
  mark(pooler);
  classifier = place.Matrix(std::string(names.classifier) + ".weight", num_labels, h);
  mark(false);

  place.Align();
  vectors = total;
  const auto norm = [&](const std::string& name, int64_t size, size_t& gamma, size_t& beta) {
    gamma = place.Vector(name + ".weight", size, Init::kOne);
    beta = place.Vector(name + ".bias", size, Init::kZero);
  };
  place.depth = 0;
  norm(prefix + kEmbeddingNorm, e, embedding_gamma, embedding_beta);
  if (relative_positions) norm(prefix + kRelativeNorm, h, relative_gamma, relative_beta);
  if (config.bias_buckets > 0) {
    place.Align();
    attention_bias = place.Add(prefix + kAttentionBias, {config.bias_buckets, config.num_heads}, Init::kNormal);
  }
  if (config.embedding_size > 0) project_bias = place.Vector(std::string(names.project) + ".bias", h, Init::kZero);
  for (size_t l = 0; l < groups.size(); ++l) {
    LayerLayout& layer = groups[l];
    place.depth = depths[l];
    layer.qkv_bias = place.Vector(in_layer(l, names.query, ".bias"), h, Init::kZero);
    place.Add(in_layer(l, names.key, ".bias"), {h}, Init::kZero);
    place.Add(in_layer(l, names.value, ".bias"), {h}, Init::kZero);
    layer.relative_bias = layer.qkv_bias;
    if (own_relative) {
      layer.relative_bias = place.Vector(in_layer(l, names.position_query, ".bias"), h, Init::kZero);
      place.Add(in_layer(l, names.position_key, ".bias"), {h}, Init::kZero);
    }
    layer.out_bias = place.Vector(in_layer(l, names.out, ".bias"), h, Init::kZero);
    norm(in_layer(l, names.attention_norm, ""), h, layer.attention_gamma, layer.attention_beta);
    layer.up_bias = place.Vector(in_layer(l, names.up, ".bias"), i, Init::kZero);
    layer.down_bias = place.Vector(in_layer(l, names.down, ".bias"), h, Init::kZero);
    norm(in_layer(l, names.output_norm, ""), h, layer.output_gamma, layer.output_beta);
  }
  for (int l = 0; l < config.num_layers; ++l) {
    layers.push_back(groups[static_cast<size_t>(GroupOfLayer(config, l))]);
  }
  place.depth = head_depth();
  head_dense_bias = place.Vector(std::string(names.head_dense) + ".bias", h, Init::kZero);
  mark(pooler);
  classifier_bias = place.Vector(std::string(names.classifier) + ".bias", num_labels, Init::kZero);
  mark(false);
  place.Align();
}

Layout::From Layout::WeightsFrom(int depth) const {
  if (depth <= 0) return {matrices, vectors};
  From from{vectors, total};
  for (const WeightInfo& weight : weights) {
    if (weight.depth < depth || weight.offset < matrices) continue;
    size_t& begin = weight.offset < vectors ? from.matrix : from.vector;
    begin = std::min(begin, weight.offset);
  }
  return from;
}

}  // namespace winnow

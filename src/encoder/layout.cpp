#include "encoder/layout.h"

#include <algorithm>

#include "base/round_up.h"
#include "bundle/weight_names.h"

namespace winnow {
namespace {

using Init = WeightInfo::Init;

/// Hands out places in the array, one weight after the other, in groups that begin at a cache line.
class Placer {
 public:
  Placer(Layout& layout, const ModelConfig& config)
      : layout_(layout),
        config_(config),
        names_(WeightNamesOf(config.architecture)),
        prefix_(names_.prefix),
        pre_norm_(IsPreNorm(config)),
        h_(config.hidden_size),
        e_(EmbeddingSize(config)),
        i_(config.intermediate_size),
        depths_(static_cast<size_t>(NumLayerGroups(config))) {
    for (int l = 0; l < config.num_layers; ++l) depths_[static_cast<size_t>(GroupOfLayer(config, l))] = l + 1;
  }

  /// The words, and all other weights with weight decay.
  void Matrices() {
    layout_.words = Matrix(prefix_ + std::string(names_.words), config_.vocab_size, e_);
    Align();
    layout_.matrices = layout_.total;
    if (config_.absolute_positions) {
      layout_.positions = Matrix(prefix_ + kPositionEmbeddings, config_.max_positions, e_);
    }
    if (config_.type_vocab_size > 0) {
      layout_.segments = Matrix(prefix_ + kTypeEmbeddings, config_.type_vocab_size, e_);
    }
    if (config_.relative_span > 0) {
      layout_.relative = Matrix(prefix_ + kRelativeEmbeddings, 2 * config_.relative_span, h_);
    }
    if (config_.embedding_size > 0) layout_.project = Matrix(std::string(names_.project) + ".weight", h_, e_);
    for (size_t g = 0; g < layout_.groups.size(); ++g) LayerMatrices(g);
    depth_ = config_.num_layers + 1;
    layout_.head_dense = Matrix(std::string(names_.head_dense) + ".weight", h_, h_);
    MarkHead(HasOptionalHead());
    layout_.classifier = Matrix(std::string(names_.classifier) + ".weight", labels(), h_);
    MarkHead(/*optional=*/false);
  }

  /// Places the vectors: biases and the weights of normalizations.
  void Vectors() {
    Align();
    layout_.vectors = layout_.total;
    depth_ = 0;
    Norm(prefix_ + std::string(names_.embedding_norm), e_, layout_.embedding_gamma, layout_.embedding_beta);
    if (config_.relative_span > 0) Norm(prefix_ + kRelativeNorm, h_, layout_.relative_gamma, layout_.relative_beta);
    if (config_.bias_buckets > 0) {
      Align();
      layout_.attention_bias = Add(prefix_ + kAttentionBias, {config_.bias_buckets, config_.num_heads}, Init::kNormal);
    }
    if (config_.embedding_size > 0) layout_.project_bias = Bias(std::string(names_.project), h_);
    for (size_t g = 0; g < layout_.groups.size(); ++g) LayerVectors(g);
    for (int l = 0; l < config_.num_layers; ++l) {
      layout_.layers.push_back(layout_.groups[static_cast<size_t>(GroupOfLayer(config_, l))]);
    }
    depth_ = config_.num_layers;
    if (pre_norm_) layout_.final_gamma = Vector(prefix_ + kFinalNorm + ".weight", h_, Init::kOne);
    depth_ = config_.num_layers + 1;
    if (pre_norm_) {
      layout_.head_gamma = Vector(std::string(kHeadNorm) + ".weight", h_, Init::kOne);
    } else {
      layout_.head_dense_bias = Bias(std::string(names_.head_dense), h_);
    }
    MarkHead(HasOptionalHead());
    layout_.classifier_bias = Bias(std::string(names_.classifier), labels());
    MarkHead(/*optional=*/false);
    Align();
  }

 private:
  int64_t labels() const { return static_cast<int64_t>(config_.labels.size()); }

  std::string InLayer(size_t group, std::string_view name, const char* part) const {
    return prefix_ + std::string(names_.layer) + std::to_string(group) + "." + std::string(name) + part;
  }

  bool OwnRelative() const { return config_.relative_span > 0 && !config_.share_position_weights; }

  /// BERT's and ALBERT's pooler and ModernBERT's prediction head belong to pretraining too.
  bool HasOptionalHead() const {
    return config_.architecture == Architecture::kBert || config_.architecture == Architecture::kAlbert || pre_norm_;
  }

  void LayerMatrices(size_t g) {
    LayerLayout& layer = layout_.groups[g];
    depth_ = depths_[g];
    if (pre_norm_) {
      layer.qkv = Matrix(InLayer(g, names_.query, ".weight"), 3 * h_, h_);
    } else {
      layer.qkv = Matrix(InLayer(g, names_.query, ".weight"), h_, h_);
      Add(InLayer(g, names_.key, ".weight"), {h_, h_}, Init::kNormal);
      Add(InLayer(g, names_.value, ".weight"), {h_, h_}, Init::kNormal);
    }
    layer.relative = layer.qkv;
    if (OwnRelative()) {
      layer.relative = Matrix(InLayer(g, names_.position_query, ".weight"), h_, h_);
      Add(InLayer(g, names_.position_key, ".weight"), {h_, h_}, Init::kNormal);
    }
    layer.out = Matrix(InLayer(g, names_.out, ".weight"), h_, h_);
    layer.up = Matrix(InLayer(g, names_.up, ".weight"), pre_norm_ ? 2 * i_ : i_, h_);
    layer.down = Matrix(InLayer(g, names_.down, ".weight"), h_, i_);
  }

  void LayerVectors(size_t g) {
    LayerLayout& layer = layout_.groups[g];
    depth_ = depths_[g];
    if (pre_norm_) {
      if (g > 0) layer.attention_gamma = Vector(InLayer(g, names_.attention_norm, ".weight"), h_, Init::kOne);
      layer.output_gamma = Vector(InLayer(g, names_.output_norm, ".weight"), h_, Init::kOne);
      return;
    }
    layer.qkv_bias = Bias(InLayer(g, names_.query, ""), h_);
    Add(InLayer(g, names_.key, ".bias"), {h_}, Init::kZero);
    Add(InLayer(g, names_.value, ".bias"), {h_}, Init::kZero);
    layer.relative_bias = layer.qkv_bias;
    if (OwnRelative()) {
      layer.relative_bias = Bias(InLayer(g, names_.position_query, ""), h_);
      Add(InLayer(g, names_.position_key, ".bias"), {h_}, Init::kZero);
    }
    layer.out_bias = Bias(InLayer(g, names_.out, ""), h_);
    Norm(InLayer(g, names_.attention_norm, ""), h_, layer.attention_gamma, layer.attention_beta);
    layer.up_bias = Bias(InLayer(g, names_.up, ""), i_);
    layer.down_bias = Bias(InLayer(g, names_.down, ""), h_);
    Norm(InLayer(g, names_.output_norm, ""), h_, layer.output_gamma, layer.output_beta);
  }

  size_t Add(const std::string& name, std::vector<int64_t> shape, Init init) {
    WeightInfo info{
        .name = name, .shape = std::move(shape), .offset = layout_.total, .count = 1, .init = init, .depth = depth_};
    for (const int64_t size : info.shape) info.count *= static_cast<size_t>(size);
    layout_.total += info.count;
    layout_.weights.push_back(std::move(info));
    return layout_.weights.back().offset;
  }
  size_t Matrix(const std::string& name, int64_t rows, int64_t columns) {
    Align();
    return Add(name, {rows, columns}, Init::kNormal);
  }
  size_t Vector(const std::string& name, int64_t size, Init init) {
    Align();
    return Add(name, {size}, init);
  }
  size_t Bias(const std::string& name, int64_t size) { return Vector(name + ".bias", size, Init::kZero); }
  void Norm(const std::string& name, int64_t size, size_t& gamma, size_t& beta) {
    gamma = Vector(name + ".weight", size, Init::kOne);
    if (!pre_norm_) beta = Bias(name, size);
  }
  void MarkHead(bool optional) {
    layout_.weights.back().head = true;
    layout_.weights.back().optional = optional;
  }
  void Align() { layout_.total = RoundUp(layout_.total, 16); }

  Layout& layout_;
  const ModelConfig& config_;
  const WeightNames& names_;
  const std::string prefix_;
  const bool pre_norm_;
  const int64_t h_, e_, i_;
  std::vector<int> depths_;  // of the groups
  int depth_ = 0;            // of what is added
};

}  // namespace

Layout::Layout(const ModelConfig& config) {
  groups.resize(static_cast<size_t>(NumLayerGroups(config)));
  Placer placer(*this, config);
  placer.Matrices();
  placer.Vectors();
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

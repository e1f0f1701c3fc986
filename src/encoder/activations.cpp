#include "encoder/activations.h"

#include <algorithm>

#include "base/round_up.h"
#include "encoder/activation_functions.h"

namespace winnow {

/// Walks an arena twice: once without memory to measure it, once to hand it out.
class Activations::Carver {
 public:
  explicit Carver(float* base) : base_(base) {}
  float* Take(size_t count) {
    float* p = base_ == nullptr ? nullptr : base_ + used_;
    used_ += RoundUp(count, 16);  // a cache line
    peak_ = std::max(peak_, used_);
    return p;
  }
  NormalizedRows TakeNormalized(size_t rows, size_t n) { return {.normalized = Take(rows * n), .rstd = Take(rows)}; }
  size_t used() const { return used_; }
  size_t peak() const { return peak_; }
  void Rewind(size_t used) { used_ = used; }

 private:
  float* base_;
  size_t used_ = 0;
  size_t peak_ = 0;
};

void Activations::Prepare(const ModelConfig& config, const PackedTexts& texts, Keep keep) {
  kept = keep;
  arena_.Resize(Carve(config, texts.tokens(), texts.texts(), keep, nullptr));
  Carve(config, texts.tokens(), texts.texts(), keep, arena_.data());
}

size_t Activations::Floats(const ModelConfig& config, size_t tokens, size_t texts, Keep keep) {
  return Activations().Carve(config, tokens, texts, keep, nullptr);
}

size_t Activations::Carve(const ModelConfig& config, size_t tokens, size_t texts, Keep keep, float* base) {
  Carver arena(base);
  const auto h = static_cast<size_t>(config.hidden_size);
  const auto i = static_cast<size_t>(config.intermediate_size);
  const auto num_layers = static_cast<size_t>(config.num_layers);
  const auto e = static_cast<size_t>(EmbeddingSize(config));
  layers.resize(num_layers);
  const bool for_backward = keep != Keep::kNothing;
  embeddings = config.embedding_size > 0 ? arena.Take(tokens * e) : nullptr;
  embedding_norm = for_backward ? arena.TakeNormalized(tokens, e) : NormalizedRows();
  head_input = for_backward && HasHeadInputDropout(config) ? arena.Take(texts * h) : nullptr;
  pooled_input = arena.Take(texts * h);
  pooled = arena.Take(texts * h);
  pooled_norm = HasHeadNorm(config) ? arena.TakeNormalized(texts, h) : NormalizedRows();
  logits = arena.Take(texts * config.labels.size());
  // Scratch is shared by all layers. Where nothing is kept two hidden states take turns as input and output, and where
  // outputs alone are kept each layer has its own; what lies inside a layer is shared then. The last layer shares
  // nothing: its rows may be texts, and threads don't enter it at the same time.
  float* product = arena.Take(tokens * h);
  float* activated = arena.Take(tokens * i);
  std::vector<float*> hidden(keep == Keep::kNothing ? 2 : num_layers);
  for (float*& state : hidden) state = arena.Take(tokens * h);
  const size_t shared = arena.used();
  for (size_t l = 0; l < num_layers; ++l) {
    const bool last = l + 1 == num_layers;
    const size_t rows = ComputesFirstsOnly(config, l) ? texts : tokens;
    if (keep != Keep::kAll && !last) arena.Rewind(shared);
    layers[l].input = hidden[l % hidden.size()];
    CarveLayer(config, l, tokens, rows, keep, arena);
    layers[l].output = last ? arena.Take(rows * h) : hidden[(l + 1) % hidden.size()];
    layers[l].product = last ? arena.Take(rows * h) : product;
    layers[l].activated = last ? arena.Take(rows * i) : activated;
  }
  features = config.mean_pooling ? arena.Take(texts * h) : layers.back().output;
  return arena.peak();
}

void Activations::CarveLayer(const ModelConfig& config, size_t l, size_t tokens, size_t rows, Keep keep,
                             Carver& arena) {
  const auto h = static_cast<size_t>(config.hidden_size);
  const auto i = static_cast<size_t>(config.intermediate_size);
  const bool pre_norm = IsPreNorm(config);
  const bool norms_output = !pre_norm || l + 1 == static_cast<size_t>(config.num_layers);
  const auto take_if = [&](bool wanted, size_t count) { return wanted ? arena.Take(count) : nullptr; };
  const bool kept = keep != Keep::kNothing;
  const auto take_norm_if = [&](bool wanted, size_t of_rows) {
    return wanted ? arena.TakeNormalized(of_rows, h) : NormalizedRows();
  };
  LayerActivations& layer = layers[l];
  const bool norms_input = pre_norm && l > 0;  // ModernBERT's first layer reads normalized embeddings
  // Layers that share memory have all of it at equal places, as threads may be in different layers.
  float* const normed = take_if(pre_norm, tokens * h);
  layer.normed = norms_input ? normed : layer.input;
  layer.input_norm = take_norm_if(pre_norm && kept, tokens);
  if (ComputesFirstsOnly(config, l)) {
    layer.query_input = arena.Take(rows * h);
    layer.query = arena.Take(rows * h);
    layer.key = arena.Take(tokens * 2 * h);
    layer.value = layer.key == nullptr ? nullptr : layer.key + h;
    layer.query_stride = h;
    layer.key_stride = 2 * h;
  } else {
    layer.query_input = layer.normed;
    layer.query = arena.Take(tokens * 3 * h);
    layer.key = layer.query == nullptr ? nullptr : layer.query + h;
    layer.value = layer.query == nullptr ? nullptr : layer.query + 2 * h;
    layer.query_stride = layer.key_stride = 3 * h;
  }
  layer.log_sum = take_if(kept, rows * static_cast<size_t>(config.num_heads));
  layer.context = arena.Take(rows * h);
  layer.middle = take_if(pre_norm, rows * h);
  layer.attended = arena.Take(rows * h);
  layer.attended_norm = take_norm_if(kept, rows);
  layer.up = arena.Take(rows * (pre_norm ? 2 * i : i));
  layer.output_norm = take_norm_if(kept && norms_output, rows);
}

}  // namespace winnow

/// Forward pass: computes logits from token ids.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/threads.h"
#include "encoder/activations.h"
#include "encoder/batch.h"
#include "encoder/model.h"
#include "kernels/attention.h"
#include "kernels/dropout.h"
#include "kernels/matmul.h"

namespace winnow {

/// Dropout of one training step; with `enabled` false (evaluation) every place is inactive.
struct StepDropout {
  bool enabled = false;
  uint64_t key = 0;  ///< random key, derived from the seed and the step

  /// The places of dropout. Their numbers enter a hash, so new places must be added at the end.
  enum Place { kEmbedding, kAttention, kAttentionOutput, kOutput, kHead, kHeadInput, kPosition };
  Dropout At(const ModelConfig& config, Place place, size_t layer = 0) const;
};

/// Computes activations.logits of texts first_text ... last_text - 1, on the calling thread. `activations` must be
/// prepared for `texts`, with relative positions, attention biases or rotary positions computed if the model has them.
/// Different ranges may run at the same time, each with its own scratch.
void Forward(const Model& model, const PackedTexts& texts, size_t first_text, size_t last_text,
             const StepDropout& dropout, const MatMulOptions& products, Activations& activations,
             AttentionScratch& scratch);

/// Computes one layer again from its stored input, with equal results.
void ForwardLayer(const Model& model, const PackedTexts& texts, size_t first_text, size_t last_text, size_t layer,
                  const StepDropout& dropout, const MatMulOptions& products, Activations& activations,
                  AttentionScratch& scratch);

/// Runs whole batches on a pool: texts are distributed by tokens, and each thread computes its texts through all
/// layers.
class ForwardRunner {
 public:
  /// Creates a runner; the arguments must outlive it.
  ForwardRunner(const Model& model, ThreadPool& pool)
      : model_(model), pool_(pool), scratch_(static_cast<size_t>(pool.size())) {}

  /// Returns the logits [texts, labels], which stay valid until the next call. `texts` must have passed CheckBatch.
  /// Values that depend on the weights alone are kept from call to call: see WeightsChanged.
  std::span<const float> Logits(const PackedTexts& texts);

  /// Returns the logits of any number of texts, in their order, computed in batches that bound memory. `done`,
  /// if given, is called with the number of finished texts; returning false stops the rest (their logits are zero).
  /// `max_texts` is the largest number of texts per batch; 0: as many as fit.
  std::vector<float> AllLogits(const PackedTexts& texts, const std::function<bool(size_t done)>& done = {},
                               size_t max_texts = 0);

  /// Returns the features that the classification head reads, [texts, hidden]: the last layer's output at the first
  /// token (encoder/head_pass.h). Order, batches and `done` are those of AllLogits; features of texts that were stopped
  /// are undefined.
  FloatBuffer AllFeatures(const PackedTexts& texts, const std::function<bool(size_t done)>& done = {});

  /// Returns the mean of the last layer's output over all tokens of each text, special tokens included: [texts,
  /// hidden], the embeddings of sentence-transformers before their normalization. Order, batches and `done` are those
  /// of AllFeatures.
  FloatBuffer AllMeans(const PackedTexts& texts, const std::function<bool(size_t done)>& done = {});

  /// Must be called when the model's weights have changed since the last call.
  void WeightsChanged() { activations_.relative.Clear(); }

 private:
  /// What a run computes: the logits, or what the head would read, without the head.
  enum class Output { kLogits, kFeatures };
  void Run(const PackedTexts& texts, const ModelConfig& config, Output output);

  const Model& model_;
  ThreadPool& pool_;
  ModelConfig mean_config_;  // of AllMeans, once it has been called
  Activations activations_;
  std::vector<AttentionScratch> scratch_;
};

}  // namespace winnow

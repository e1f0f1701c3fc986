/// Training and evaluation of the classification head alone, on features: what the layers below compute of each text.
/// If those layers are frozen, their outputs are the same in each epoch and are computed once
/// (ForwardRunner::AllFeatures); a step then costs two small products instead of a pass through all layers.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/threads.h"
#include "encoder/forward.h"
#include "encoder/gradients.h"
#include "encoder/head.h"
#include "encoder/model.h"

namespace winnow {

/// A forward and a backward pass of the head; memory is reused from batch to batch. Not thread-safe; it uses the pool
/// itself.
class HeadPass {
 public:
  /// Creates a pass; the arguments must outlive it. `products` are the options of the products in Forward and Backward.
  HeadPass(const Model& model, ThreadPool& pool, const MatMulOptions& products = {});

  /// Returns the number of floats that a batch takes.
  static size_t Floats(const ModelConfig& config, size_t texts);

  /// Returns the logits [texts, labels] of features [texts, h], which must outlive the call of Backward.
  std::span<const float> Forward(std::span<const float> features, const StepDropout& dropout);

  /// Computes the gradients of the head's weights from that of the logits of the last Forward. Overwrites `gradients`,
  /// or adds to them if gradients.accumulates().
  void Backward(std::span<const float> logits_grad, Gradients& gradients);

  /// Returns the logits of any number of texts, in f32 and without dropout, in batches that bound memory.
  std::vector<float> AllLogits(std::span<const float> features);

 private:
  std::span<const float> Run(std::span<const float> features, const StepDropout& dropout,
                             const MatMulOptions& products);
  template <class Task>
  void EachThreadsTexts(const Task& task);

  const Model& model_;
  ThreadPool& pool_;
  const MatMulOptions products_;
  size_t hidden_, labels_;
  size_t texts_ = 0;
  StepDropout dropout_;
  FloatBuffer arena_;
  HeadPlaces at_{};
  float* pooled_grad_ = nullptr;  // [texts, h]
  float* again_ = nullptr;        // [texts, h]
};

}  // namespace winnow

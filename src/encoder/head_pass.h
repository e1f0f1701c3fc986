/// Training and evaluating the classification head alone, over features: what the layers below give of each text.
/// Where these are frozen, their outputs stay the same from epoch to epoch, and are computed once
/// (ForwardRunner::AllFeatures); a step costs two small products then, instead of a way through all layers.
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

class HeadPass {
 public:
  /// Both must outlive the pass. `products` says how Forward and Backward multiply.
  HeadPass(const Model& model, ThreadPool& pool, const MatMulOptions& products = {});

  /// Floats that a batch takes.
  static size_t Floats(const ModelConfig& config, size_t texts);

  /// Logits [texts, labels] of features [texts, h], which must stay alive until Backward is done.
  std::span<const float> Forward(std::span<const float> features, const StepDropout& dropout);

  /// Gradients of the head's weights, from that of the logits of the last Forward. Overwrites or adds, as
  /// gradients.accumulating says, and sets it.
  void Backward(std::span<const float> logits_grad, Gradients& gradients);

  /// Logits of any number of texts, in f32 and without dropout, in batches that bound memory.
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

/// An encoder with weights of one precision: from tokens to logits and embeddings.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/model_config.h"
#include "encoder/batch.h"

namespace winnow {

/// A loaded encoder. Thread-safe. Texts must have passed CheckBatch.
class EncoderWeights {
 public:
  /// Receives the number of completed texts at intervals. Returning false stops the computation.
  using Progress = std::function<bool(size_t done)>;

  virtual ~EncoderWeights() = default;

  /// Returns "f32", "int8", "int8 with 2 of 6 layers bf16".
  virtual std::string name() const = 0;

  /// Computes the logits [texts, labels].
  virtual void Logits(const PackedTexts& texts, std::span<float> logits, const Progress& progress,
                      PoolUse use) const = 0;

  /// Computes the mean of the last layer's output over all tokens of each text, [texts, hidden].
  virtual void Means(const PackedTexts& texts, std::span<float> means, PoolUse use) const = 0;

  /// Checks that the file of the weights is as it was (base/mapped_memory.h). Errors: kIo.
  virtual Result<void> CheckFile() const = 0;
};

/// Reads `bundle`/model_int8.safetensors. `pool` must outlive the result. Errors: QuantizedModel::Load's.
Result<std::unique_ptr<const EncoderWeights>> LoadInt8Weights(const std::filesystem::path& bundle,
                                                              const ModelConfig& config, ThreadPool& pool);

/// Reads `bundle`/model.safetensors. One caller at a time computes, and always uses the pool, which must outlive the
/// result. Errors: Model::Load's.
Result<std::unique_ptr<const EncoderWeights>> LoadFloatWeights(const std::filesystem::path& bundle,
                                                               const ModelConfig& config, ThreadPool& pool);

}  // namespace winnow

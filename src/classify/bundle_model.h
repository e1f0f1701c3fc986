/// A bundle's tokenizer and encoder with the selected weights: from tokens to logits. Callers interpret the logits:
/// zero_shot.h reads them as a judgement of two texts.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "classify/encoder_weights.h"
#include "encoder/batch.h"
#include "tokenize/tokenizer.h"
#include "winnow/classifier.h"

namespace winnow {

/// A loaded model. Thread-safe.
class BundleModel {
 public:
  /// Receives the number of completed texts at intervals. Returning false stops the computation.
  using Progress = EncoderWeights::Progress;

  /// Loads a bundle or a plain Hugging Face classifier directory. `pool` must outlive the model. Errors: kNotFound,
  /// kIo, kInvalidModel, kUnsupported.
  static Result<std::unique_ptr<const BundleModel>> Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                                         Weights weights);
  BundleModel(const BundleModel&) = delete;
  BundleModel& operator=(const BundleModel&) = delete;

  const Manifest& manifest() const { return manifest_; }
  const ModelConfig& config() const { return config_; }  ///< configuration with at least one label
  const Tokenizer& tokenizer() const { return tokenizer_; }
  /// Returns the weights in use: "f32", "int8", "int8 with 2 of 6 layers bf16".
  std::string weights() const { return weights_->name(); }

  /// Computes the logits [texts, labels]. With float weights, one caller at a time computes and always uses the pool.
  /// Errors: CheckBatch's; kCancelled if `progress` returns false.
  Result<void> Logits(const PackedTexts& texts, std::span<float> logits, const Progress& progress = {},
                      PoolUse use = PoolUse::kIfFree) const;

  /// Computes the mean of the last layer's output over all tokens of each text, [texts, hidden]. Concurrency and errors
  /// are those of Logits.
  Result<void> Means(const PackedTexts& texts, std::span<float> means, PoolUse use = PoolUse::kIfFree) const;

 private:
  BundleModel(Manifest manifest, ModelConfig config, Tokenizer tokenizer)
      : manifest_(std::move(manifest)), config_(std::move(config)), tokenizer_(std::move(tokenizer)) {}

  Manifest manifest_;
  ModelConfig config_;
  Tokenizer tokenizer_;
  std::unique_ptr<const EncoderWeights> weights_;
};

}  // namespace winnow

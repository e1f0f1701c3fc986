#include "classify/bundle_model.h"

#include <fmt/format.h>

#include <system_error>

#include "encoder/quantized_model.h"

namespace winnow {

Result<std::unique_ptr<const BundleModel>> BundleModel::Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                                             Weights weights) {
  Manifest manifest = TRY(ReadManifest(bundle));
  ModelConfig config = TRY(ReadModelConfig(bundle));
  if (config.labels.empty()) {
    return Fail(ErrorCode::kInvalidModel,
                bundle.string() + ": config.json has no labels, so this is a base model without a classification head",
                "fine-tune it first: winnow train DATA --base-model " + bundle.string());
  }
  Tokenizer tokenizer = TRY(Tokenizer::Load(bundle));
  if (tokenizer.vocab_size() > config.vocab_size) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: the tokenizer has {} tokens, but config.json specifies {}", bundle.string(),
                            tokenizer.vocab_size(), config.vocab_size),
                "the tokenizer files and config.json belong to different models");
  }
  std::error_code ignored;
  const bool has_int8 = std::filesystem::exists(bundle / kInt8Weights, ignored);
  if (weights == Weights::kInt8 && !has_int8) {
    return Fail(ErrorCode::kNotFound, bundle.string() + ": no INT8 weights (" + kInt8Weights + ")",
                "to create them: winnow quantize " + bundle.string());
  }
  std::unique_ptr<BundleModel> model(new BundleModel(std::move(manifest), std::move(config), std::move(tokenizer)));
  model->weights_ = has_int8 && weights != Weights::kFloat ? TRY(LoadInt8Weights(bundle, model->config_, pool))
                                                           : TRY(LoadFloatWeights(bundle, model->config_, pool));
  return model;
}

Result<void> BundleModel::Logits(const PackedTexts& texts, std::span<float> logits, const Progress& progress,
                                 PoolUse use) const {
  if (texts.texts() == 0) return {};
  TRY(CheckBatch(config_, texts));
  bool stopped = false;
  const auto note = [&](size_t done) {
    stopped = stopped || !progress(done);
    return !stopped;
  };
  const Progress watched = progress ? Progress(std::ref(note)) : Progress();
  weights_->Logits(texts, logits, watched, use);
  if (stopped) return Fail(ErrorCode::kCancelled, "stopped");
  return weights_->CheckFile();
}

Result<void> BundleModel::Means(const PackedTexts& texts, std::span<float> means, PoolUse use) const {
  if (texts.texts() == 0) return {};
  TRY(CheckBatch(config_, texts));
  weights_->Means(texts, means, use);
  return weights_->CheckFile();
}

}  // namespace winnow

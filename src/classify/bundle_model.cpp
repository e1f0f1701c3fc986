#include "classify/bundle_model.h"

#include <fmt/format.h>

#include <algorithm>

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
  if (has_int8 && weights != Weights::kFloat) {
    model->quantized_ = TRY(QuantizedModel::Load(bundle, model->config_, pool));
    model->quantized_runner_ = std::make_unique<QuantizedRunner>(*model->quantized_, pool);
  } else {
    model->model_ = TRY(Model::Load(bundle, model->config_, {}));
    model->runner_ = std::make_unique<ForwardRunner>(*model->model_, pool);
  }
  return model;
}

std::string BundleModel::weights() const {
  if (!quantized_) return "f32";
  const int halves = quantized_->bf16_layers();
  return halves == 0 ? "int8" : fmt::format("int8 with {} of {} layers bf16", halves, config_.num_layers);
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
  if (quantized_runner_ != nullptr) {
    quantized_runner_->Logits(texts, logits, watched, use);
  } else {
    const MutexLock lock(runner_mutex_);
    std::ranges::copy(runner_->AllLogits(texts, watched), logits.begin());
  }
  if (stopped) return Fail(ErrorCode::kCancelled, "stopped");
  return CheckFile();
}

Result<void> BundleModel::Means(const PackedTexts& texts, std::span<float> means, PoolUse use) const {
  if (texts.texts() == 0) return {};
  TRY(CheckBatch(config_, texts));
  if (quantized_runner_ != nullptr) {
    quantized_runner_->Means(texts, means, {}, use);
  } else {
    const MutexLock lock(runner_mutex_);
    std::ranges::copy(runner_->AllMeans(texts).span(), means.begin());
  }
  return CheckFile();
}

Result<void> BundleModel::CheckFile() const { return quantized_ ? quantized_->CheckFile() : model_->CheckFile(); }

}  // namespace winnow

/// Scoring by a transformer: texts become tokens, which the encoder reads.
#pragma once

#include <memory>

#include "classify/bundle_model.h"
#include "classify/scorer.h"
#include "classify/text_encoder.h"

namespace winnow {

/// A scorer for transformers. Thread-safe; with float weights, one caller at a time computes.
class TransformerScorer : public Scorer {
 public:
  TransformerScorer(std::unique_ptr<const BundleModel> model, const TextEncoderOptions& options)
      : model_(std::move(model)), encoder_(model_->tokenizer(), options) {}

  const TextEncoder& encoder() const { return encoder_; }

  std::string weights() const override { return model_->weights(); }
  void Prepare(std::span<const InputTextView> texts, PreparedTexts& prepared) const override {
    encoder_.Encode(texts, prepared.tokens);
  }
  size_t Cost(const PreparedTexts& prepared, size_t text) const override { return prepared.IdsOf(text).size(); }
  Result<void> Score(const PreparedTexts& prepared, std::span<float> logits, const Progress& progress,
                     PoolUse use) const override {
    return model_->Logits(prepared.tokens.windows.view(), logits, progress, use);
  }
  size_t embedding_size() const override { return static_cast<size_t>(model_->config().hidden_size); }
  Result<void> Embed(const PreparedTexts& prepared, std::span<float> means, PoolUse use) const override {
    return model_->Means(prepared.tokens.windows.view(), means, use);
  }
  Result<void> PrepareIds(std::span<const std::vector<int32_t>> texts, PreparedTexts& prepared) const override;
  bool IsCut(const InputTextView& text) const override { return encoder_.Cuts(text); }
  Result<std::vector<TextToken>> TokensOf(std::string_view text, bool special) const override {
    return TokensOfText(encoder_, text, special);
  }
  TextCoverage CoverageOf(std::string_view text) const override;

 private:
  std::unique_ptr<const BundleModel> model_;
  TextEncoder encoder_;
};

/// Loads a directory that contains a transformer. Texts of several segments are read as pairs unless the bundle's
/// template divides texts into segments. Errors: those of LoadScorer.
Result<ScoredBundle> LoadTransformerScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                           const ReadingOverrides& overrides);

}  // namespace winnow

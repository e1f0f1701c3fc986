#include "classify/transformer_scorer.h"

#include <fmt/format.h>

#include <algorithm>

#include "classify/pairs.h"

namespace winnow {
namespace {

/// Errors: kInvalidArgument for ids that the tokenizer does not make of any text.
Result<void> CheckIds(const Tokenizer& tokenizer, std::span<const int32_t> ids, int max_length) {
  if (ids.empty() || ids.size() > static_cast<size_t>(max_length)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("a text of token ids has {} ids; this model accepts 1 to {}", ids.size(), max_length));
  }
  for (const int32_t id : ids) {
    if (id >= 0 && id < tokenizer.vocab_size()) continue;
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is not the id of a token; this model has {} tokens", id, tokenizer.vocab_size()));
  }
  const auto before = tokenizer.before(), after = tokenizer.after();
  const bool framed = ids.size() >= before.size() + after.size() &&
                      std::ranges::equal(before, ids.first(before.size())) &&
                      std::ranges::equal(after, ids.last(after.size()));
  if (framed) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      "the token ids lack the special tokens of this model's tokenizer, so they are probably those of another one");
}

}  // namespace

TextCoverage TransformerScorer::CoverageOf(std::string_view text) const {
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  encoder_.EncodeWithSpans(text, {.add_special_tokens = false}, ids, spans);
  return {.pieces = ids.size(),
          .unknown = static_cast<size_t>(std::ranges::count(ids, model_->tokenizer().unknown_id()))};
}

Result<void> TransformerScorer::PrepareIds(std::span<const std::vector<int32_t>> texts, PreparedTexts& prepared) const {
  for (const std::vector<int32_t>& ids : texts) {
    TRY(CheckIds(model_->tokenizer(), ids, encoder_.options().max_length));
    prepared.tokens.windows.Append(ids);
    prepared.tokens.begins.push_back(static_cast<int32_t>(prepared.tokens.windows.texts()));
  }
  return {};
}

Result<ScoredBundle> LoadTransformerScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                           const ReadingOverrides& overrides) {
  std::unique_ptr<const BundleModel> model = TRY(BundleModel::Load(bundle, pool, weights));
  ScoredBundle loaded;
  loaded.manifest = model->manifest();
  loaded.labels = model->config().labels;
  loaded.multi_label = model->config().multi_label;
  loaded.manifest.max_length = std::min(loaded.manifest.max_length, MaxTokens(model->config()));
  TRY(ApplyOverrides(bundle, overrides, loaded));
  TextEncoderOptions options = EncoderOptionsOf(loaded.manifest);
  if (loaded.segments() == 1) {
    const bool typed = HasPairTypes(model->tokenizer(), model->config());
    options.segments = typed ? SegmentReading::kTypedPair : SegmentReading::kPair;
  }
  loaded.scorer = std::make_unique<TransformerScorer>(std::move(model), options);
  return loaded;
}

}  // namespace winnow

#include "classify/scorer.h"

#include <numeric>
#include <utility>

namespace winnow {

std::span<const int32_t> PreparedTexts::IdsOf(size_t begin, size_t end) const {
  const auto& offsets = tokens.windows.offsets;
  const auto first = static_cast<size_t>(offsets[static_cast<size_t>(tokens.begins[begin])]);
  const auto last = static_cast<size_t>(offsets[static_cast<size_t>(tokens.begins[end])]);
  return std::span<const int32_t>(tokens.windows.ids).subspan(first, last - first);
}

std::vector<int32_t> PreparedTexts::SplitIntoWindows() {
  std::vector<int32_t> each(tokens.windows.texts() + 1);
  std::iota(each.begin(), each.end(), 0);
  return std::exchange(tokens.begins, std::move(each));
}

void PreparedTexts::AppendText(const PreparedTexts& from, size_t text) {
  const PackedTexts windows = from.tokens.windows.view();
  for (int32_t window = from.tokens.begins[text]; window < from.tokens.begins[text + 1]; ++window) {
    tokens.windows.AppendText(windows, static_cast<size_t>(window));
  }
  tokens.begins.push_back(static_cast<int32_t>(tokens.windows.texts()));
  if (!from.texts.empty()) texts.push_back(from.texts[text]);
}

Result<void> Scorer::Embed(const PreparedTexts&, std::span<float>, PoolUse) const {
  return Fail(ErrorCode::kUnsupported, "this model has no embeddings");
}

Result<void> Scorer::PrepareIds(std::span<const std::vector<int32_t>>, PreparedTexts&) const {
  return Fail(ErrorCode::kUnsupported, "this model has no tokens");
}

Result<void> ApplyOverrides(const std::filesystem::path& bundle, const ReadingOverrides& overrides,
                            ScoredBundle& loaded) {
  Manifest& manifest = loaded.manifest;
  if (!manifest.text_template.empty()) {
    Result<TextTemplate> parsed = TextTemplate::Parse(manifest.text_template);
    if (!parsed) {
      return Fail(ErrorCode::kInvalidModel,
                  bundle.string() + ": winnow.json's 'text_template': " + parsed.error().message, parsed.error().hint);
    }
    loaded.text_template = std::move(*parsed);
  }
  manifest.long_text = overrides.long_text.value_or(manifest.long_text);
  manifest.fold_disguises = overrides.fold_disguises.value_or(manifest.fold_disguises);
  return {};
}

}  // namespace winnow

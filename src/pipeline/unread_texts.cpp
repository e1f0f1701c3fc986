#include "pipeline/unread_texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/progress.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// Letters of scripts that are written without spaces between words: Thai, Lao, Myanmar, Khmer, kana and Han (Unicode
/// 15, Blocks.txt). Korean has spaces.
bool HasNoSpaces(char32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
         (c >= 0x2E80 && c <= 0x2FDF) || (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x323AF);
}

bool IsLetter(char32_t c) { return IsAsciiLetter(c) || c >= 0xC0; }

std::string Percent(size_t part, size_t whole) {
  return fmt::format("{:.0f} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

void WarnOfWordsWithoutSpaces(std::span<const std::string_view> texts, const LinearPlan& plan,
                              TrainingObserver& observer) {
  if (plan.analyzer != "word") return;
  size_t letters = 0, without_spaces = 0;
  for (const std::string_view text : texts) {
    for (size_t i = 0; i < text.size();) {
      const char32_t c = NextCodePoint(text, i);
      if (!IsLetter(c)) continue;
      ++letters;
      if (HasNoSpaces(c)) ++without_spaces;
    }
  }
  if (without_spaces * 5 < letters || without_spaces == 0) return;
  observer.Warn(fmt::format(
      "{} of the letters in the training texts are of scripts that are written without spaces between words, "
      "so n-grams of words say little; specify --analyzer char --ngrams 1-5",
      Percent(without_spaces, letters)));
}

void WarnOfUnreadTokens(const TextSet& texts, int32_t unknown_id, int max_length, const ModelPlan& plan,
                        TrainingObserver& observer) {
  const auto& ids = texts.texts.ids;
  const auto unknown = static_cast<size_t>(std::ranges::count(ids, unknown_id));
  if (unknown_id >= 0 && unknown * 20 >= ids.size() && unknown > 0) {
    observer.Warn(fmt::format(
        "the tokenizer of {} does not know {} of the tokens in the training texts and reads all of them as the same "
        "token; take a base model for the languages of the texts (--base-model)",
        plan.base_model, Percent(unknown, ids.size())));
  }
  const PackedTexts all = texts.texts.view();
  size_t cut = 0;
  for (size_t t = 0; t < texts.size(); ++t) {
    if (static_cast<int>(all.length(t)) >= max_length) ++cut;
  }
  if (cut * 10 < texts.size() || cut == 0) return;
  observer.Note(fmt::format(
      "{} of {} training texts reach the maximum length of {} tokens, and the rest of them is not learnt; --max-length "
      "raises it, and --long-text chooses what is read",
      FormatCount(static_cast<int64_t>(cut)), FormatCount(static_cast<int64_t>(texts.size())), max_length));
}

}  // namespace winnow

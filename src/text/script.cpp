#include "text/script.h"

#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMixedShare = 5;  // a second script with one letter in so many makes a text mixed

/// Scripts that one written language uses together, as one of them.
int32_t Family(int32_t script) {
  switch (script) {
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
      return USCRIPT_JAPANESE;
    case USCRIPT_HANGUL:
      return USCRIPT_KOREAN;
    default:
      return script;
  }
}

std::string NameOf(int32_t script) {
  if (script == USCRIPT_JAPANESE) return "Japanese";
  if (script == USCRIPT_KOREAN) return "Korean";
  std::string name = uscript_getName(static_cast<UScriptCode>(script));
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

std::string ScriptOf(std::string_view text) {
  std::array<size_t, USCRIPT_CODE_LIMIT> counts{};
  size_t letters = 0;
  for (size_t i = 0; i < text.size();) {
    UErrorCode error = U_ZERO_ERROR;
    const int32_t script = uscript_getScript(static_cast<UChar32>(NextCodePoint(text, i)), &error);
    if (U_FAILURE(error) || script <= USCRIPT_INHERITED || script == USCRIPT_UNKNOWN || script >= USCRIPT_CODE_LIMIT) {
      continue;  // common to all scripts, or of none
    }
    ++counts[static_cast<size_t>(Family(script))];
    ++letters;
  }
  if (letters == 0) return "none";
  // Kanji and hanja belong to what stands around them.
  for (const int32_t family : {USCRIPT_JAPANESE, USCRIPT_KOREAN}) {
    size_t& own = counts[static_cast<size_t>(family)];
    if (own == 0) continue;
    own += counts[USCRIPT_HAN];
    counts[USCRIPT_HAN] = 0;
  }
  const auto first = std::ranges::max_element(counts);
  size_t second = 0;
  for (auto count = counts.begin(); count != counts.end(); ++count) {
    if (count != first) second = std::max(second, *count);
  }
  if (second > 0 && second * kMixedShare >= letters) return "mixed";
  return NameOf(static_cast<int32_t>(first - counts.begin()));
}

}  // namespace winnow

#include "text/script.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMixedShare = 5;  // a second script with one letter in so many makes a text mixed

uint8_t IndexOf(std::string_view name) {
  for (size_t i = 0; i < unicode::ScriptCount(); ++i) {
    if (const auto index = static_cast<uint8_t>(i); unicode::ScriptName(index) == name) return index;
  }
  return unicode::kNoScript;
}

/// The scripts that one written language uses together.
struct Families {
  uint8_t han = IndexOf("Han"), hiragana = IndexOf("Hiragana"), katakana = IndexOf("Katakana");
  uint8_t hangul = IndexOf("Hangul"), japanese = IndexOf("Japanese"), korean = IndexOf("Korean");

  /// Scripts of a language as one of them.
  uint8_t Of(uint8_t script) const {
    if (script == hiragana || script == katakana) return japanese;
    return script == hangul ? korean : script;
  }
};

}  // namespace

std::string ScriptOf(std::string_view text) {
  static const Families families;
  std::vector<size_t> counts(unicode::ScriptCount());
  size_t letters = 0;
  for (size_t i = 0; i < text.size();) {
    const uint8_t script = unicode::ScriptIndexOf(NextCodePoint(text, i));
    if (script == unicode::kNoScript) continue;  // common to all scripts, or of none
    ++counts[families.Of(script)];
    ++letters;
  }
  if (letters == 0) return "none";
  // Kanji and hanja belong to what stands around them.
  for (const uint8_t family : {families.japanese, families.korean}) {
    if (counts[family] == 0) continue;
    counts[family] += counts[families.han];
    counts[families.han] = 0;
  }
  const auto first = std::ranges::max_element(counts);
  size_t second = 0;
  for (auto count = counts.begin(); count != counts.end(); ++count) {
    if (count != first) second = std::max(second, *count);
  }
  if (second > 0 && second * kMixedShare >= letters) return "mixed";
  std::string name(unicode::ScriptName(static_cast<uint8_t>(first - counts.begin())));
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace winnow

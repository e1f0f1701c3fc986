// Two things make a pattern more than \w+. RE2's \w is ASCII, and its tables of Unicode are of another version than
// ours, so ours are written out as ranges. And the lower case of U+0130 (capital i with a dot) is i and a combining
// dot, which is no word character, so in Python's lower case a word ends behind such a letter; other programs' lower
// case of it is a plain i. Texts are cut before they are made small, and the pattern ends a word there.
#include "onnx/linear_text.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "text/python_text.h"

namespace winnow {
namespace {

constexpr char32_t kDottedI = 0x130;
constexpr char kAsciiRanges[] = "a-zA-Z0-9_";
constexpr char kKelvin[] = "\\x{212a}";  // its lower case is k

/// All word characters as ranges of a character class, U+0130 left out if asked.
std::string UnicodeRanges(bool dotted_i) {
  std::string ranges;
  const auto is_word = [&](char32_t c) { return IsPythonWordCharacter(c) && (dotted_i || c != kDottedI); };
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (!is_word(c)) continue;
    const char32_t first = c;
    while (c + 1 < 0x110000 && is_word(c + 1)) ++c;
    ranges += first == c
                  ? fmt::format("\\x{{{:x}}}", static_cast<uint32_t>(c))
                  : fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", static_cast<uint32_t>(first), static_cast<uint32_t>(c));
  }
  return ranges;
}

}  // namespace

std::string TokenPattern(WordCharacters characters, bool lowercase) {
  const bool ascii = characters == WordCharacters::kAscii;
  if (!lowercase) return fmt::format("[{}]+", ascii ? kAsciiRanges : UnicodeRanges(true));
  const std::string ranges = ascii ? std::string(kAsciiRanges) + kKelvin : UnicodeRanges(false);
  return fmt::format("[{0}]*\\x{{130}}|[{0}]+", ranges);
}

std::optional<WordRule> WordsOfPattern(std::string_view pattern, size_t shortest) {
  struct Known {
    std::string pattern;
    WordRule rule;
  };
  using enum WordCharacters;
  static const std::array kKnown = {
      Known{TokenPattern(kAscii, false), {kAscii, 1}},
      Known{TokenPattern(kAscii, true), {kAscii, 1}},
      Known{"\\w+", {kAscii, 1}},
      Known{"\\w\\w+", {kAscii, 2}},
      Known{"\\b\\w\\w+\\b", {kAscii, 2}},
      Known{"[\\p{L}\\p{N}_]+", {kPython, 1}},
      Known{TokenPattern(kPython, false), {kPython, 1}},
      Known{TokenPattern(kPython, true), {kPython, 1}},
  };
  for (const Known& known : kKnown) {
    if (known.pattern != pattern) continue;
    const WordRule rule{known.rule.characters, std::max(known.rule.shortest, shortest)};
    return rule.shortest <= 2 ? std::optional(rule) : std::nullopt;
  }
  return std::nullopt;
}

std::string WithoutFinalSigma(std::string_view ngram) {
  constexpr std::string_view kFinal = "\xcf\x82", kSmall = "\xcf\x83";
  std::string out;
  bool changed = false;
  for (size_t i = 0; i < ngram.size();) {
    const bool at_end = i + kFinal.size() == ngram.size() || (i + kFinal.size() < ngram.size() && ngram[i + 2] == ' ');
    if (at_end && ngram.substr(i, kFinal.size()) == kFinal) {
      out += kSmall;
      i += kFinal.size();
      changed = true;
    } else {
      out += ngram[i++];
    }
  }
  return changed ? out : "";
}

bool IsPossibleWord(std::string_view word, const WordRule& rule, bool lowercase) {
  std::string lowered;
  PythonLower(word, lowercase, lowered);
  if (lowered != word) return false;
  bool whole = false;
  ForEachWord(word, rule, [&](size_t begin, size_t end) { whole = begin == 0 && end == word.size(); });
  return whole;
}

}  // namespace winnow

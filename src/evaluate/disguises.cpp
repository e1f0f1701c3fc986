#include "evaluate/disguises.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/random.h"
#include "data/augment_edits.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, kAllDisguises.size()> kNames = {
    "homoglyphs", "leetspeak", "zero-width", "fancy letters", "spaced letters", "capitals",
    "mixed case", "typos",     "noise",      "urls",          "numbers"};

using CodePoints = std::u32string;

bool IsLower(char32_t c) {
  return IsAsciiLower(c) || (c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x430 && c <= 0x44F);
}
bool IsUpper(char32_t c) {
  return IsAsciiUpper(c) || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x410 && c <= 0x42F);
}
/// Returns true for letters of Latin, Greek and Cyrillic, which may be changed.
bool IsLetter(char32_t c) {
  return IsAsciiLetter(c) || (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x386 && c <= 0x481) ||
         (c >= 0x48A && c <= 0x52F);
}
bool IsBlank(char32_t c) { return c <= ' ' || c == 0xA0; }

uint32_t Size(std::u32string_view text) { return static_cast<uint32_t>(text.size()); }
char32_t AnyOf(std::u32string_view choices, Random& random) { return choices[random.Below(Size(choices))]; }

struct Word {
  size_t begin = 0, end = 0;
};

/// Runs of three letters or more, outside of addresses.
std::vector<Word> WordsOf(const CodePoints& text) {
  std::vector<Word> words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && !IsBlank(text[end])) ++end;
    const std::u32string_view token = std::u32string_view(text).substr(i, end - i);
    const bool address = token.find(U"://") != token.npos || token.find(U"www.") != token.npos ||
                         token.find(U"WWW.") != token.npos || token.find(U'@') != token.npos;
    while (i < end && !address) {
      const size_t begin = i;
      while (i < end && IsLetter(text[i])) ++i;
      if (i - begin >= 3) words.push_back({begin, i});
      i = std::max(i, begin + 1);
    }
    i = std::max(end, i) + 1;
  }
  return words;
}

/// Every other letter that has choices, the first of them at least.
template <class Choices>
CodePoints Substituted(std::u32string_view word, const Choices& choices, Random& random) {
  CodePoints changed(word);
  bool first = true;
  for (char32_t& c : changed) {
    const std::u32string_view others = choices(c);
    if (others.empty()) continue;
    if (random.Below(2) == 0 || first) c = AnyOf(others, random);
    first = false;
  }
  return changed;
}

CodePoints WithInvisible(std::u32string_view word, Random& random) {
  CodePoints changed(word);
  for (uint32_t left = 1 + random.Below(2); left > 0; --left) {
    const char32_t invisible = AnyOf(U"\u200B\u200C\u200D\u2060\uFEFF\u00AD\u034F", random);
    changed.insert(changed.begin() + 1 + static_cast<std::ptrdiff_t>(random.Below(Size(changed) - 1)), invisible);
  }
  return changed;
}

CodePoints InFancyLetters(std::u32string_view word, bool wide) {
  CodePoints changed(word);
  for (char32_t& c : changed) {
    if (!IsAsciiLetter(c)) continue;
    const char32_t bold = c >= 'a' ? 0x1D41A + (c - 'a') : 0x1D400 + (c - 'A');
    c = wide ? c - 0x21 + 0xFF01 : bold;
  }
  return changed;
}

CodePoints Spaced(std::u32string_view word, char32_t divider) {
  CodePoints changed;
  for (const char32_t c : word) {
    if (!changed.empty()) changed += divider;
    changed += c;
  }
  return changed;
}

CodePoints WithTypo(std::u32string_view word, Random& random) {
  CodePoints changed(word);
  const size_t at = random.Below(Size(word) - 1);
  switch (random.Below(3)) {
    case 0:
      std::swap(changed[at], changed[at + 1]);
      break;
    case 1:
      changed.erase(at, 1);
      break;
    default:
      changed.insert(at, 1, changed[at]);
  }
  return changed;
}

CodePoints WithNoise(std::u32string_view word, Random& random) {
  static constexpr std::array<std::u32string_view, 8> kNoise = {
      U"!!!", U" ***", U" ~~", U"...", U" \U0001F525", U" \U0001F389\U0001F389", U" \u2605", U" >>"};
  return CodePoints(word).append(kNoise[random.Below(static_cast<uint32_t>(kNoise.size()))]);
}

CodePoints Cased(std::u32string_view word, Random* mixed) {
  CodePoints changed(word);
  for (char32_t& c : changed) {
    const bool upper = mixed == nullptr || mixed->Below(2) == 0;
    if (upper && IsLower(c)) c -= 32;
    if (!upper && IsUpper(c)) c += 32;
  }
  return changed;
}

CodePoints DisguisedWord(Disguise disguise, std::u32string_view word, char32_t divider, Random& random) {
  switch (disguise) {
    case Disguise::kHomoglyphs:
      return Substituted(word, LookAlikeChoices, random);
    case Disguise::kLeetspeak:
      return Substituted(word, LeetChoices, random);
    case Disguise::kInvisible:
      return WithInvisible(word, random);
    case Disguise::kFancyLetters:
      return InFancyLetters(word, random.Below(2) == 0);
    case Disguise::kSpacedLetters:
      return Spaced(word, divider);
    case Disguise::kCapitals:
      return Cased(word, nullptr);
    case Disguise::kMixedCase:
      return Cased(word, &random);
    case Disguise::kTypos:
      return WithTypo(word, random);
    case Disguise::kNoise:
      return WithNoise(word, random);
    case Disguise::kUrls:
    case Disguise::kNumbers:
      break;
  }
  return CodePoints(word);
}

}  // namespace

std::string_view DisguiseName(Disguise disguise) { return kNames[static_cast<size_t>(disguise)]; }

bool HasStrength(Disguise disguise) { return disguise != Disguise::kUrls && disguise != Disguise::kNumbers; }

std::string Disguised(Disguise disguise, double strength, std::string_view text, uint64_t seed) {
  Random random(seed, std::string(DisguiseName(disguise)).append(" ").append(text));
  if (disguise == Disguise::kUrls) return MakeVariant(AugmentKind::kUrls, text, random);
  if (disguise == Disguise::kNumbers) return MakeVariant(AugmentKind::kNumbers, text, random);
  CodePoints points;
  for (size_t i = 0; i < text.size();) points += NextCodePoint(text, i);
  const std::vector<Word> words = WordsOf(points);
  if (words.empty()) return std::string(text);
  const size_t certain = random.Below(static_cast<uint32_t>(words.size()));
  const char32_t divider = AnyOf(U"  .-_*", random);
  const bool widens = disguise == Disguise::kSpacedLetters && divider == ' ';
  CodePoints changed;
  size_t from = 0;
  for (size_t w = 0; w < words.size(); ++w) {
    // Drawn for each, so that a stronger disguise changes what a weaker one does, and more.
    const bool chosen = random.Uniform() < strength || w == certain;
    Random own(random.Bits(), "word");
    if (!chosen) continue;
    const auto [begin, end] = words[w];
    changed.append(points, from, begin - from);
    if (widens && !changed.empty() && changed.back() == ' ') changed += U' ';
    changed += DisguisedWord(disguise, std::u32string_view(points).substr(begin, end - begin), divider, own);
    if (widens && end < points.size() && points[end] == ' ') changed += U' ';
    from = end;
  }
  changed.append(points, from);
  std::string result;
  for (const char32_t c : changed) AppendUtf8(c, result);
  return result;
}

}  // namespace winnow

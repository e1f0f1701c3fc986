/// Obfuscation of texts, for the measurement of robustness (evaluate/robustness.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

enum class Disguise {
  kHomoglyphs,     ///< Cyrillic and Greek letters that look like Latin ones, for every other letter that has some
  kLeetspeak,      ///< digits and signs, for every other letter that has some
  kInvisible,      ///< one or two zero-width characters within a word
  kFancyLetters,   ///< full-width or mathematical bold letters
  kSpacedLetters,  ///< f r e e, f.r.e.e; with spaces the gap to the next word grows too, as people need it to read on
  kCapitals,       ///< ALL CAPS
  kMixedCase,      ///< rAnDoM
  kTypos,          ///< two letters swapped, one dropped or one doubled
  kNoise,          ///< punctuation or an emoji after a word
  kUrls,           ///< addresses replaced, or one added (data/augment.h)
  kNumbers,        ///< other digits in numbers (data/augment.h)
};
inline constexpr std::array kAllDisguises = {Disguise::kHomoglyphs,   Disguise::kLeetspeak,     Disguise::kInvisible,
                                             Disguise::kFancyLetters, Disguise::kSpacedLetters, Disguise::kCapitals,
                                             Disguise::kMixedCase,    Disguise::kTypos,         Disguise::kNoise,
                                             Disguise::kUrls,         Disguise::kNumbers};

/// "homoglyphs", "leetspeak", "zero-width", "fancy letters", "spaced letters", "capitals", "mixed case", "typos",
/// "noise", "urls", "numbers".
std::string_view DisguiseName(Disguise disguise);

/// False for those that change all that they find: urls, numbers.
bool HasStrength(Disguise disguise);

/// `text` with a share `strength` of its words disguised, one at least where there is one of three letters. Addresses
/// and segments of a template are left alone. What comes of a text depends on it, the seed, the disguise and the
/// strength alone, and is the same on every platform. Valid UTF-8 gives valid UTF-8. Thread-safe.
std::string Disguised(Disguise disguise, double strength, std::string_view text, uint64_t seed);

}  // namespace winnow

/// Obfuscation of texts, for the measurement of robustness (evaluate/robustness.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

enum class Disguise {
  kHomoglyphs,    ///< Cyrillic and Greek letters for every other letter that they look like
  kLeetspeak,     ///< digits and signs for every other letter that they can stand for
  kInvisible,     ///< one or two zero-width characters within a word
  kFancyLetters,  ///< full-width or mathematical bold letters
  /// F r e e, f.r.e.e; if letters are divided by spaces, the gap between words grows too, as readers need it.
  kSpacedLetters,
  kCapitals,   ///< ALL CAPS
  kMixedCase,  ///< rAnDoM
  kTypos,      ///< two letters swapped, one dropped or one doubled
  kNoise,      ///< punctuation or an emoji after a word
  kUrls,       ///< addresses replaced, or one added (data/augment.h)
  kNumbers,    ///< other digits in numbers (data/augment.h)
};
inline constexpr std::array kAllDisguises = {Disguise::kHomoglyphs,   Disguise::kLeetspeak,     Disguise::kInvisible,
                                             Disguise::kFancyLetters, Disguise::kSpacedLetters, Disguise::kCapitals,
                                             Disguise::kMixedCase,    Disguise::kTypos,         Disguise::kNoise,
                                             Disguise::kUrls,         Disguise::kNumbers};

/// Returns the name of a kind: "homoglyphs", "leetspeak", "zero-width", "fancy letters", "spaced letters", "capitals",
/// "mixed case", "typos", "noise", "urls", "numbers".
std::string_view DisguiseName(Disguise disguise);

/// Returns true unless the kind changes everything that it can change: urls, numbers.
bool HasStrength(Disguise disguise);

/// Returns `text` with a share `strength` of its words obfuscated, at least one if any word has three letters. Web
/// addresses and segments of a template are not changed. The result depends on the text, the seed, the kind and the
/// strength alone, and is equal on every platform. Valid UTF-8 gives valid UTF-8. Thread-safe.
std::string Disguised(Disguise disguise, double strength, std::string_view text, uint64_t seed);

}  // namespace winnow

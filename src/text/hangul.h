/// The syllables of Hangul, whose decompositions are arithmetic (Unicode Standard 3.12, "Conjoining Jamo Behavior").
#pragma once

#include <string>

namespace winnow::hangul {

inline constexpr char32_t kSyllables = 0xAC00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11A7;
inline constexpr char32_t kLeadingCount = 19, kVowelCount = 21;
inline constexpr char32_t kTrailingCount = 28;  ///< with none as the first
inline constexpr char32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

inline bool IsSyllable(char32_t c) { return c - kSyllables < kSyllableCount; }

/// Appends the two or three jamos of a syllable.
inline void AppendDecomposition(char32_t syllable, std::u32string& out) {
  const char32_t number = syllable - kSyllables;
  out += kLeading + number / (kVowelCount * kTrailingCount);
  out += kVowels + number / kTrailingCount % kVowelCount;
  if (number % kTrailingCount != 0) out += kTrailing + number % kTrailingCount;
}

/// Returns the syllable of a leading consonant and a vowel, or of a syllable without a trailing consonant and one; 0
/// for other characters.
inline char32_t Compose(char32_t first, char32_t second) {
  if (first - kLeading < kLeadingCount && second - kVowels < kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + (second - kVowels)) * kTrailingCount;
  }
  const bool open = IsSyllable(first) && (first - kSyllables) % kTrailingCount == 0;
  return open && second > kTrailing && second - kTrailing < kTrailingCount ? first + (second - kTrailing) : 0;
}

}  // namespace winnow::hangul

/// The classes of characters that GPT-2's pattern and others name: \p{L}, \p{N}, \s (Unicode 15's).
#pragma once

#include <cstdint>

namespace winnow {

enum class CharacterClass : uint8_t { kOther, kLetter, kNumber, kSpace };

/// Returns the class of a character: \s is the property White_Space; \p{L} and \p{N} are general categories, which do
/// not overlap. Thread-safe.
CharacterClass ClassOf(char32_t c);

/// Returns true if Unicode had the character in a version, as 8 for 8.0. Hugging Face's tokenizers have tables of
/// several versions, which the functions below follow, with the few characters whose categories have changed since.
bool HasSince(char32_t c, uint8_t version);

/// Returns true for the characters that Hugging Face's pre-tokenizers split at as punctuation: ASCII's in the wide
/// sense ($, +, ~ too), and the general categories P* of Unicode 8. Thread-safe.
bool IsPunctuation(char32_t c);

/// Returns true for non-spacing marks (Mn) of Unicode 8, which BertNormalizer removes with strip_accents.
bool IsNonSpacingMark(char32_t c);
/// Returns true for all marks (Mn, Mc, Me) of Unicode 9, which the normalizer StripAccents removes.
bool IsCombiningMark(char32_t c);

/// Returns true for \w as Rust's regular expressions define it (Unicode Technical Standard 18, annex C): letters and
/// other alphabetic characters, marks, decimal digits, connectors such as "_", and joiners.
bool IsWordCharacter(char32_t c);

}  // namespace winnow

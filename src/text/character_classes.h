/// The classes of characters that GPT-2's pattern and others name: \p{L}, \p{N}, \s (Unicode's, by ICU's tables).
#pragma once

#include <cstdint>

namespace winnow {

enum class CharacterClass : uint8_t { kOther, kLetter, kNumber, kSpace };

/// Returns the class of a character: \s is the property White_Space; \p{L} and \p{N} are general categories, which do
/// not overlap. Thread-safe.
CharacterClass ClassOf(char32_t c);

}  // namespace winnow

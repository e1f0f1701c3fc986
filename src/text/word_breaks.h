/// Boundaries of words (Unicode Standard Annex 29, as the Common Locale Data Repository tailors them).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace winnow {

/// A section of a text between two boundaries of words. It begins where the one before ends.
struct WordSection {
  uint32_t end = 0;     ///< in bytes
  bool symbols = true;  ///< false for words and numbers
  bool operator==(const WordSection&) const = default;
};

/// Returns true if the text has characters of scripts that write no spaces between words (Chinese, Japanese, Thai, Lao,
/// Khmer, Burmese) or of Hangul: only dictionaries find their words. Thread-safe.
bool NeedsDictionary(std::string_view text);

/// Returns the sections of a text by rules alone, which for texts that need no dictionary are those of ICU. Invalid
/// UTF-8 counts as U+FFFD. Thread-safe.
std::vector<WordSection> WordSections(std::string_view text);

}  // namespace winnow

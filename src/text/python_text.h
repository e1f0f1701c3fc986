/// Characters and texts as in Python's str and re, on which scikit-learn's vectorizers are based. Our tables are of
/// Unicode 15, which may be another version than Python's: characters that are new in one of them may have another
/// class.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// Returns true for \w of a str pattern: str.isalnum(), that is a letter or any character with a numeric value, or an
/// underscore. Marks are excluded. Thread-safe.
bool IsPythonWordCharacter(char32_t c);

/// Returns true for str.isspace() and \s of a str pattern: White_Space, and the separators U+001C ... U+001F.
/// Thread-safe.
bool IsPythonSpace(char32_t c);

/// The origin of each byte of a text that was made from another one: begin and end of the original character.
struct TextOrigins {
  std::vector<uint32_t> begins, ends;
};

/// Writes `text`, of less than 4 GiB, as valid UTF-8 into `out`: invalid bytes become U+FFFD, one for each maximal part
/// of a character, and with `lowercase` the other characters are converted as by str.lower() (Unicode 3.13,
/// toLowercase: with the final sigma). Replaces the contents of `out` and, unless null, of `origins`. Returns true if
/// all of the text is ASCII. Allocates nothing once `out` has grown. Thread-safe.
bool PythonLower(std::string_view text, bool lowercase, std::string& out, TextOrigins* origins = nullptr);

}  // namespace winnow

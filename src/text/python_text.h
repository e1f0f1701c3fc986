/// Characters and texts as Python's str and re see them: what scikit-learn's vectorizers are made of. By ICU's tables,
/// which are of its own version of Unicode: characters that one of the two doesn't know yet may be of another class.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// \w of a str pattern: str.isalnum(), that is a letter or anything with a numeric value; or an underscore. Marks are
/// none. Thread-safe.
bool IsPythonWordCharacter(char32_t c);

/// str.isspace(), and \s of a str pattern: White_Space, and the separators U+001C ... U+001F. Thread-safe.
bool IsPythonSpace(char32_t c);

/// Where the bytes of a text made from another came from: an entry for each byte, begin and end of the character.
struct TextOrigins {
  std::vector<uint32_t> begins, ends;
};

/// `text`, of less than 4 GiB, as UTF-8 that is valid: invalid bytes become U+FFFD, one for each maximal part of a
/// character, and with `lowercase` the rest is as str.lower() has it (Unicode 3.13, toLowercase: with the final sigma).
/// Replaces what `out` holds, and `origins` where it is not null. Tells whether all of it is ASCII. Allocates nothing
/// once `out` has grown. Thread-safe.
bool PythonLower(std::string_view text, bool lowercase, std::string& out, TextOrigins* origins = nullptr);

}  // namespace winnow

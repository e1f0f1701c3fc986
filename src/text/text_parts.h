/// Small helpers for reading and writing texts. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

/// Returns the number of code points of valid UTF-8.
size_t CountCodePoints(std::string_view text);

/// Returns the first `count` code points of valid UTF-8.
std::string_view FirstCodePoints(std::string_view text, size_t count);

/// Returns at most the first `most` bytes of valid UTF-8, without a character that would be cut.
std::string_view FirstBytes(std::string_view text, size_t most);

/// Returns true if valid UTF-8 contains only white space, control and zero-width characters.
bool IsBlank(std::string_view text);

/// Returns `text` without ASCII white space at its ends.
std::string_view TrimAscii(std::string_view text);

/// Returns `text` without spaces and control characters (U+0000 to U+0020) at its ends.
std::string_view TrimSpaceAndControl(std::string_view text);

}  // namespace winnow

/// Small questions about texts, asked where they are read and written. Thread-safe, all of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/ascii.h"  // LowerAscii

namespace winnow {

/// The number of code points of valid UTF-8.
size_t CountCodePoints(std::string_view text);

/// The first `count` code points of valid UTF-8.
std::string_view FirstCodePoints(std::string_view text, size_t count);

/// Whether valid UTF-8 holds nothing but white space, control and zero-width characters.
bool IsBlank(std::string_view text);

/// `text` without ASCII white space at its ends.
std::string_view TrimAscii(std::string_view text);

}  // namespace winnow

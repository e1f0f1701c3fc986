/// UTF-8, one code point at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

/// The code point at text[i], moving i past it; i < text.size(). Invalid bytes give U+FFFD, one for each maximal part
/// of a character (Unicode 3.9), so every call moves on.
char32_t NextCodePoint(std::string_view text, size_t& i);

/// Appends a code point (not a surrogate).
void AppendUtf8(char32_t c, std::string& out);

}  // namespace winnow

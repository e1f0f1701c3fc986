/// UTF-8, one code point at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

/// Returns the code point at text[i] and moves i past it; requires i < text.size(). Invalid bytes give U+FFFD, one for
/// each maximal part of a character (Unicode 3.9), so that every call makes progress.
char32_t NextCodePoint(std::string_view text, size_t& i);

/// Whether all bytes belong to characters.
bool IsUtf8(std::string_view text);

/// Appends a code point, which must not be a surrogate, as UTF-8.
void AppendUtf8(char32_t c, std::string& out);

}  // namespace winnow

/// ASCII letters, whatever the locale: names of options, headers and files are compared by them.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Whether the code point is one of A to Z and a to z.
constexpr bool IsAsciiLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// `c` with a letter of A to Z in lower case. Bytes of other characters stay as they are.
constexpr char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char32_t LowerAscii(char32_t c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

/// `text` with the letters A to Z in lower case.
inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerAscii(c);
  return lower;
}

}  // namespace winnow

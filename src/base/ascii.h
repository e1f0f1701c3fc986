/// Operations on ASCII letters that do not depend on the locale, for comparing names of options, headers and files.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns true if the code point is one of A to Z or a to z.
constexpr bool IsAsciiLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Returns `c` in lower case if it is one of A to Z; otherwise returns `c` unchanged.
constexpr char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char32_t LowerAscii(char32_t c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

/// Returns `text` with the letters A to Z in lower case.
inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerAscii(c);
  return lower;
}

}  // namespace winnow

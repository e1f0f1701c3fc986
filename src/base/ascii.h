/// Classes and case of ASCII characters, independent of the locale: for names of options, headers and files, and for
/// grammars that are defined on ASCII. A character is a byte of a text (char) or a code point (char32_t); bytes of
/// other characters in UTF-8 and code points above U+007F are in none of the classes.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>

namespace winnow {

constexpr bool IsAsciiDigit(std::integral auto c) { return c >= '0' && c <= '9'; }
constexpr bool IsAsciiLower(std::integral auto c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsAsciiUpper(std::integral auto c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsAsciiLetter(std::integral auto c) { return IsAsciiLower(c) || IsAsciiUpper(c); }
constexpr bool IsAsciiAlphanumeric(std::integral auto c) { return IsAsciiLetter(c) || IsAsciiDigit(c); }

/// Returns true for the white space of std::isspace in the C locale: a space, and U+0009 to U+000D.
constexpr bool IsAsciiSpace(std::integral auto c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Returns true if every character of `text` is a digit, so also if there is none.
constexpr bool AreAsciiDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return IsAsciiDigit(c); });
}

/// Returns `text` without any of `characters` at its ends.
constexpr std::string_view Trim(std::string_view text, std::string_view characters) {
  const size_t begin = text.find_first_not_of(characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) + 1 - begin);
}

/// Returns `c` in lower case if it is one of A to Z; otherwise returns `c` unchanged.
constexpr char LowerAscii(char c) { return IsAsciiUpper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char32_t LowerAscii(char32_t c) { return IsAsciiUpper(c) ? c + ('a' - 'A') : c; }

/// Returns `c` in upper case if it is one of a to z; otherwise returns `c` unchanged.
constexpr char UpperAscii(char c) { return IsAsciiLower(c) ? static_cast<char>(c - ('a' - 'A')) : c; }

/// Returns `text` with the letters A to Z in lower case.
inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerAscii(c);
  return lower;
}

/// Returns `text` with the letters a to z in upper case.
inline std::string UpperAscii(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = UpperAscii(c);
  return upper;
}

}  // namespace winnow

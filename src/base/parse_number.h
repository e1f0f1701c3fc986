/// Reading of numbers.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace winnow {

/// Returns the number that the whole of `text` is, as std::from_chars reads it: without white space or a plus sign,
/// with "." in any locale, and for floating-point types also "inf" and "nan". Returns nothing for other texts, and for
/// a number that T cannot hold.
template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

/// Returns the whole number that the whole of `text` is in a base from 2 to 36, without a prefix: "ff" and "FF", but
/// not "0xff". Returns nothing for other texts, and for a number that T cannot hold.
template <std::integral T>
std::optional<T> ParseNumber(std::string_view text, int base) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace winnow

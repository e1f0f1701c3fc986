/// Parsing of values of HTTP headers (RFC 9110, section 5.6).
#pragma once

#include <algorithm>
#include <string_view>

#include "base/ascii.h"

namespace winnow {

/// Returns the value without the blanks around it.
inline std::string_view TrimmedValue(std::string_view text) { return Trim(text, " \t"); }

/// Removes the first element of a comma-separated list and returns it, without blanks around it.
inline std::string_view TakeListed(std::string_view& list) {
  const size_t comma = std::min(list.find(','), list.size());
  const std::string_view first = TrimmedValue(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return first;
}

/// Returns true if the texts are equal except for the case of ASCII letters.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return LowerAscii(c); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace winnow

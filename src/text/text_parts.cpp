#include "text/text_parts.h"

#include <algorithm>

#include "base/ascii.h"

namespace winnow {

size_t CountCodePoints(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string_view FirstCodePoints(std::string_view text, size_t count) {
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && count-- == 0) break;
  }
  return text.substr(0, i);
}

std::string_view FirstBytes(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

bool IsBlank(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte <= 0x20 || byte == 0x7F) {
      ++i;
      continue;
    }
    const std::string_view two = text.substr(i, 2);
    const std::string_view three = text.substr(i, 3);
    if (two == "\u0085" || two == "\u00A0" || two == "\u00AD") {
      i += 2;
    } else if ((three >= "\u2000" && three <= "\u200F") || (three >= "\u2028" && three <= "\u202F") ||
               (three >= "\u205F" && three <= "\u2064") || three == "\u1680" || three == "\u3000" ||
               three == "\uFEFF") {
      i += 3;
    } else {
      return false;
    }
  }
  return true;
}

std::string_view TrimAscii(std::string_view text) {
  while (!text.empty() && IsAsciiSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsAsciiSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view TrimSpaceAndControl(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

}  // namespace winnow

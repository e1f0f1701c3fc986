#include "base/percent_encoding.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/parse_number.h"

namespace winnow {

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const std::string_view digits = text.substr(i + 1, 2);
      const std::optional<unsigned> byte = ParseNumber<unsigned>(digits, 16);
      if (digits.size() != 2 || !byte) return std::nullopt;
      c = static_cast<char>(*byte);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded += c;
  }
  return decoded;
}

std::string PercentEncoded(std::string_view text, std::string_view kept) {
  constexpr std::string_view kUnreserved = "-._~";
  std::string encoded;
  for (const char c : text) {
    if (IsAsciiAlphanumeric(c) || kUnreserved.contains(c) || kept.contains(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace winnow

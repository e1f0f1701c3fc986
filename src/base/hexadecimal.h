/// Hexadecimal digits of bytes.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns two lower-case digits per byte.
inline std::string Hexadecimal(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  digits.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits += kDigits[byte >> 4];
    digits += kDigits[byte & 15];
  }
  return digits;
}

}  // namespace winnow

#include "data/mojibake.h"

#include <algorithm>
#include <array>
#include <vector>

#include "text/utf8.h"

namespace winnow {
namespace {

// What Windows-1252 has at 0x80 ... 0x9F (unicode.org, CP1252.TXT); 0 where it has nothing.
constexpr std::array<char32_t, 32> kWindows = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/// The byte from 0x80 on that a character was, or 0.
unsigned char ByteOf(char32_t c) {
  if (c >= 0x80 && c <= 0xFF) return static_cast<unsigned char>(c);
  const auto place = std::ranges::find(kWindows, c);
  if (c == 0 || place == kWindows.end()) return 0;
  return static_cast<unsigned char>(0x80 + (place - kWindows.begin()));
}

size_t LengthFrom(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

}  // namespace

std::optional<Mojibake> FindMojibake(std::string_view text) {
  Mojibake found;
  bool sure = false;
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const size_t begin = i;
    const char32_t first = NextCodePoint(text, i);
    const unsigned char lead = ByteOf(first);
    const size_t length = LengthFrom(lead);
    if (length == 0) continue;
    std::string bytes(1, static_cast<char>(lead));
    size_t end = i;
    while (bytes.size() < length && end < text.size()) {
      const unsigned char byte = ByteOf(NextCodePoint(text, end));
      if (byte < 0x80 || byte > 0xBF) break;
      bytes += static_cast<char>(byte);
    }
    size_t used = 0;
    // Overlong forms and surrogates are no characters either: they don't decode as one.
    if (bytes.size() < length || NextCodePoint(bytes, used) == 0xFFFD || used != length) continue;
    if (found.count++ == 0) {
      found.broken = text.substr(begin, end - begin);
      found.repaired = bytes;
    }
    sure = sure || length > 2 || lead == 0xC2 || lead == 0xC3;
    i = end;
  }
  if (found.count == 0 || (!sure && found.count < 2)) return std::nullopt;
  return found;
}

}  // namespace winnow

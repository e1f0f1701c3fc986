#include "text/utf8.h"

namespace winnow {
namespace {

constexpr char32_t kInvalid = 0xFFFD;

/// Reads a character that does not begin with an ASCII byte. Unicode's table 3-7 bounds the second byte: it excludes
/// longer forms than needed, surrogates and values above U+10FFFF.
char32_t NextLong(std::string_view text, size_t& i) {
  const auto first = static_cast<unsigned char>(text[i++]);
  if (first < 0xC2 || first > 0xF4) return kInvalid;
  const int more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  unsigned low = 0x80, high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  char32_t c = first & (0x3Fu >> more);
  for (int k = 0; k < more; ++k) {
    if (i >= text.size()) return kInvalid;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < low || byte > high) return kInvalid;
    c = c << 6 | (byte & 0x3F);
    ++i;
    low = 0x80;
    high = 0xBF;
  }
  return c;
}

}  // namespace

char32_t NextCodePoint(std::string_view text, size_t& i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte >= 0x80) return NextLong(text, i);
  ++i;
  return byte;
}

void AppendUtf8(char32_t c, std::string& out) {
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    const char bytes[] = {static_cast<char>(0xC0 | c >> 6), tail(0)};
    out.append(bytes, sizeof bytes);
  } else if (c < 0x10000) {
    const char bytes[] = {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    out.append(bytes, sizeof bytes);
  } else {
    const char bytes[] = {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
    out.append(bytes, sizeof bytes);
  }
}

}  // namespace winnow

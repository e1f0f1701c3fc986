#include "text/utf8.h"

namespace winnow {
namespace {

constexpr char32_t kInvalid = 0xFFFD;

bool IsTail(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// Reads a character that may be incomplete or invalid. Unicode's table 3-7 bounds the second byte: it excludes longer
/// forms than needed, surrogates and values above U+10FFFF.
char32_t NextChecked(std::string_view text, size_t& i) {
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
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data()) + i;
  const size_t left = text.size() - i;
  const char32_t first = bytes[0];
  if (first < 0x80) {
    ++i;
    return first;
  }
  // Valid characters of two and three bytes, which nearly all are.
  if (first < 0xE0) {
    if (first >= 0xC2 && left >= 2 && IsTail(bytes[1])) {
      i += 2;
      return (first & 0x1F) << 6 | (bytes[1] & 0x3F);
    }
  } else if (first < 0xF0 && left >= 3 && IsTail(bytes[1]) && IsTail(bytes[2])) {
    const char32_t c = (first & 0xF) << 12 | (bytes[1] & 0x3FU) << 6 | (bytes[2] & 0x3FU);
    if (c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) {
      i += 3;
      return c;
    }
  }
  return NextChecked(text, i);
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    if (NextCodePoint(text, i) == kInvalid && text.substr(begin, 3) != "\xEF\xBF\xBD") return false;
  }
  return true;
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

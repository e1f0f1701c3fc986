#include "mail/transfer_encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/ascii.h"
#include "base/lines.h"

namespace winnow {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> MakeDigits() {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  return digits;
}
constexpr std::array<int8_t, 256> kDigits = MakeDigits();

int HexDigit(char c) {
  if (IsAsciiDigit(c)) return c - '0';
  c = LowerAscii(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Returns the position after the white space and the line end at `i` if nothing else stands before that line end (or
/// the end of the text); otherwise npos.
size_t AfterLineEnd(std::string_view text, size_t i) {
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r')) ++i;
  if (i == text.size()) return i;
  return text[i] == '\n' ? i + 1 : std::string_view::npos;
}

/// Returns the byte that the escape "=XX" at `i` stands for; nothing if there is none.
std::optional<char> EscapedByte(std::string_view text, size_t i) {
  const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
  const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
  return high >= 0 && low >= 0 ? std::optional(static_cast<char>(high * 16 + low)) : std::nullopt;
}

/// Lines of uuencode (POSIX): a length, then four characters for three bytes. Lines before "begin" are skipped.
std::string DecodeUu(std::string_view text, size_t most) {
  std::string out;
  bool begun = false;
  while (!text.empty() && out.size() < most) {
    std::string_view line = WithoutLineEnd(TakeLineWithEnd(text));
    if (!begun) {
      begun = line.starts_with("begin ");
      continue;
    }
    if (line.empty() || line == "end") break;
    const auto value = [&](size_t i) { return i < line.size() ? (line[i] - ' ') & 63 : 0; };
    int bytes = value(0);
    for (size_t i = 1; bytes > 0 && i < line.size(); i += 4) {
      const int group = value(i) << 18 | value(i + 1) << 12 | value(i + 2) << 6 | value(i + 3);
      for (int shift = 16; shift >= 0 && bytes > 0; shift -= 8, --bytes) out += static_cast<char>(group >> shift & 255);
    }
  }
  return out;
}

}  // namespace

std::string DecodeBase64(std::string_view text, size_t most, size_t& strange) {
  std::string out;
  out.reserve(std::min(most, text.size() / 4 * 3 + 3));
  uint32_t group = 0;
  int digits = 0;
  const auto flush = [&] {  // 2 digits hold one byte, 3 hold two
    if (digits >= 2) out += static_cast<char>(group << (4 - digits) * 6 >> 16 & 255);
    if (digits == 3) out += static_cast<char>(group << 6 >> 8 & 255);
    digits = 0;
    group = 0;
  };
  for (const char c : text) {
    if (out.size() > most) break;
    const int8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit >= 0) {
      group = group << 6 | static_cast<uint32_t>(digit);
      if (++digits < 4) continue;
      for (const int shift : {16, 8, 0}) out += static_cast<char>(group >> shift & 255);
      digits = 0;
      group = 0;
    } else if (c == '=') {
      flush();
    } else if (!IsMimeSpace(c)) {
      ++strange;
    }
  }
  flush();
  return out;
}

std::string DecodeQuotedPrintable(std::string_view text, size_t most, size_t& strange) {
  std::string out;
  out.reserve(std::min(most, text.size()));
  for (size_t i = 0; i < text.size() && out.size() <= most; ++i) {
    const char c = text[i];
    if (c == '=') {
      if (const std::optional<char> byte = EscapedByte(text, i)) {
        out += *byte;
        i += 2;
      } else if (const size_t next = AfterLineEnd(text, i + 1); next != std::string_view::npos) {
        i = next - 1;  // a soft line break
      } else {
        ++strange;
        out += c;
      }
    } else if (c == ' ' || c == '\t') {
      // White space at the end of a line was added on the way and does not count (RFC 2045, 6.7).
      size_t end = i;
      while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
      if (AfterLineEnd(text, end) == std::string_view::npos) out.append(text.substr(i, end - i));
      i = end - 1;
    } else {
      out += c;
    }
  }
  return out;
}

std::string DecodeQ(std::string_view word, size_t& strange) {
  std::string out;
  out.reserve(word.size());
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '=') {
      out += word[i] == '_' ? ' ' : word[i];
    } else if (const std::optional<char> byte = EscapedByte(word, i)) {
      out += *byte;
      i += 2;
    } else {
      ++strange;
      out += '=';
    }
  }
  return out;
}

DecodedBytes DecodeTransfer(std::string_view body, std::string_view encoding, size_t most) {
  std::string name;
  for (const char c : encoding.substr(0, encoding.find(';'))) {
    if (!IsMimeSpace(c) && c != '"') name += LowerAscii(c);
  }
  DecodedBytes decoded;
  size_t strange = 0;
  if (name == "base64") {
    decoded.bytes = DecodeBase64(body, most, strange);
    if (strange > 0) decoded.problem = fmt::format("{} characters are not base64", strange);
  } else if (name == "quoted-printable") {
    decoded.bytes = DecodeQuotedPrintable(body, most, strange);
    if (strange > 0) decoded.problem = fmt::format("{} equals signs are not quoted-printable", strange);
  } else if (name == "x-uuencode" || name == "uuencode" || name == "x-uue") {
    decoded.bytes = DecodeUu(body, most);
  } else {
    decoded.bytes = body.substr(0, std::min(most + 1, body.size()));
    if (!name.empty() && name != "7bit" && name != "8bit" && name != "binary") {
      decoded.problem = fmt::format("the transfer encoding '{}' is unknown", name.substr(0, 40));
    }
  }
  if (decoded.bytes.size() > most) {
    decoded.bytes.resize(most);
    decoded.cut = true;
  }
  return decoded;
}

}  // namespace winnow

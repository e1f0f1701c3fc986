#include "data/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "text/utf8.h"

namespace winnow {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char Byte(std::string_view bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }

constexpr char32_t kUndefined = 0xFFFD;

/// The characters of the bytes 0x80 to 0x9F in Windows-1252 (unicode.org, CP1252.TXT).
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20AC, kUndefined, 0x201A,     0x0192, 0x201E,     0x2026,     0x2020, 0x2021,     0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152,     kUndefined, 0x017D, kUndefined, kUndefined, 0x2018, 0x2019,     0x201C, 0x201D, 0x2022,
    0x2013, 0x2014,     0x02DC,     0x2122, 0x0161,     0x203A,     0x0153, kUndefined, 0x017E, 0x0178};

/// The form of the character that a lead byte opens: its length, and the range that its second byte must lie in (which
/// excludes overlong forms, surrogates and everything past U+10FFFF: Unicode table 3-7).
struct Lead {
  size_t length = 0;  // 0: no character begins so
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1};
  if (byte >= 0xC2 && byte <= 0xDF) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

/// Returns true if two bytes are a valid character of UTF-8.
bool AreCharacter(std::string_view two) { return LeadOf(Byte(two, 0)).length == 2 && (Byte(two, 1) & 0xC0) == 0x80; }

/// Returns true if the bytes above 0x7F are characters of Windows-1252: most of them stand alone or, as in
/// "Gr\xFC\xDFe", in pairs. In other encodings most of them are in longer rows, or are valid UTF-8.
bool LooksLikeWindows1252(std::string_view bytes) {
  size_t high = 0;
  size_t others = 0;  // in longer rows, or of valid UTF-8
  for (size_t i = 0; i < bytes.size();) {
    size_t row = 0;
    for (; i + row < bytes.size() && Byte(bytes, i + row) >= 0x80; ++row) {
      const unsigned char byte = Byte(bytes, i + row);
      if (byte < 0xA0 && kWindows1252[byte - 0x80] == kUndefined) return false;
    }
    high += row;
    if (row > 2 || (row == 2 && AreCharacter(bytes.substr(i, 2)))) others += row;
    i += std::max<size_t>(row, 1);
  }
  return high > 0 && others * 5 <= high;
}

}  // namespace

void Utf8Decoder::Append(std::string_view bytes, bool last, std::string& out) {
  const bool joined = !pending_.empty();
  if (joined) {
    pending_ += bytes;
    bytes = pending_;
  }
  size_t used = 0;
  switch (encoding_) {
    case Encoding::kUtf8:
      used = AppendUtf8(bytes, last, out);
      break;
    case Encoding::kUtf16Le:
    case Encoding::kUtf16Be:
      used = AppendUtf16(bytes, last, out);
      break;
    case Encoding::kWindows1252:
    case Encoding::kLatin1:
      used = AppendBytes(bytes, out);
      break;
  }
  std::string rest(bytes.substr(used));
  pending_ = std::move(rest);
}

size_t Utf8Decoder::AppendUtf8(std::string_view bytes, bool last, std::string& out) {
  size_t valid_from = 0;  // bytes from here to i are valid and not yet appended
  size_t i = 0;
  const auto flush = [&] { out.append(bytes.substr(valid_from, i - valid_from)); };
  while (i < bytes.size()) {
    uint64_t eight;
    while (i + sizeof eight <= bytes.size()) {
      std::memcpy(&eight, bytes.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080u) != 0) break;
      i += sizeof eight;
    }
    if (i == bytes.size()) break;
    const Lead lead = LeadOf(Byte(bytes, i));
    size_t length = lead.length == 0 ? 0 : 1;
    while (length > 0 && length < lead.length && i + length < bytes.size()) {
      const unsigned char next = Byte(bytes, i + length);
      if (length == 1 ? (next < lead.low || next > lead.high) : (next & 0xC0) != 0x80) break;
      ++length;
    }
    if (length > 0 && length == lead.length) {
      i += length;
      continue;
    }
    if (length > 0 && i + length == bytes.size() && !last) break;  // cut by the end of this piece
    flush();
    out += kReplacement;
    const size_t skipped = std::max<size_t>(length, 1);
    invalid_bytes_ += skipped;
    i += skipped;
    valid_from = i;
  }
  flush();
  return i;
}

size_t Utf8Decoder::AppendBytes(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool moved = encoding_ == Encoding::kWindows1252 && byte >= 0x80 && byte < 0xA0;
    const char32_t code = moved ? kWindows1252[byte - 0x80] : byte;
    invalid_bytes_ += code == kUndefined ? 1 : 0;
    winnow::AppendUtf8(code, out);
  }
  return bytes.size();
}

size_t Utf8Decoder::AppendUtf16(std::string_view bytes, bool last, std::string& out) {
  const size_t low = encoding_ == Encoding::kUtf16Le ? 0 : 1;
  const auto unit = [&](size_t at) {
    return static_cast<uint32_t>(Byte(bytes, at + low) | (Byte(bytes, at + 1 - low) << 8));
  };
  size_t i = 0;
  while (i + 2 <= bytes.size()) {
    const uint32_t first = unit(i);
    if (first < 0xD800 || first > 0xDFFF) {
      winnow::AppendUtf8(first, out);
      i += 2;
      continue;
    }
    if (first < 0xDC00 && i + 4 > bytes.size() && !last) return i;
    const uint32_t second = first < 0xDC00 && i + 4 <= bytes.size() ? unit(i + 2) : 0;
    if (second >= 0xDC00 && second <= 0xDFFF) {
      winnow::AppendUtf8(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), out);
      i += 4;
    } else {
      out += kReplacement;
      invalid_bytes_ += 2;
      i += 2;
    }
  }
  if (last && i < bytes.size()) {
    out += kReplacement;
    ++invalid_bytes_;
    ++i;
  }
  return i;
}

namespace {

constexpr std::string_view kConvertHint = "convert it: `iconv -f ENCODING -t utf-8 FILE > NEW`";

/// Returns what is wrong with a file that begins as no text does; nothing for others.
std::optional<Sniffed> FileOfAnotherKind(std::string_view first) {
  using namespace std::string_view_literals;
  struct Magic {
    std::string_view bytes;
    std::string_view kind;
    std::string_view hint;
  };
  static constexpr std::array kMagics = {
      Magic{"PK\x03\x04"sv, "a zip archive or a spreadsheet", "unpack it, or save the sheet as CSV"},
      Magic{"PAR1"sv, "a Parquet file", "convert it: pandas.read_parquet(...).to_csv(..., index=False)"},
      Magic{"ARROW1"sv, "an Arrow file", "convert it to CSV or JSONL"},
      Magic{"\x28\xB5\x2F\xFD"sv, "zstd-compressed", "unpack it with `zstd -d`, or compress with gzip"},
      Magic{"BZh"sv, "bzip2-compressed", "unpack it with `bunzip2`, or compress with gzip"},
      Magic{"\xFD"
            "7zXZ"sv,
            "xz-compressed", "unpack it with `unxz`, or compress with gzip"},
      Magic{"SQLite format 3"sv, "an SQLite database", "export a table: `sqlite3 -csv -header FILE 'SELECT ...'`"},
      Magic{"%PDF-"sv, "a PDF file", "convert it to CSV, TSV, JSONL or fastText lines"},
      Magic{"\x93NUMPY"sv, "a NumPy file", "convert it to CSV or JSONL"},
      Magic{"\x89HDF"sv, "an HDF5 file", "convert it to CSV or JSONL"},
  };
  Sniffed sniffed;
  for (const Magic& magic : kMagics) {
    if (!first.starts_with(magic.bytes)) continue;
    sniffed.problem = "looks like " + std::string(magic.kind);
    sniffed.hint = magic.hint;
    return sniffed;
  }
  if (first.size() > 262 && first.substr(257, 5) == "ustar") {
    sniffed.problem = "looks like a tar archive";
    sniffed.hint = "unpack it with `tar -xf`";
    return sniffed;
  }
  if (first.starts_with("\xFF\xFE\0\0"sv) || first.starts_with("\0\0\xFE\xFF"sv)) {
    sniffed.problem = "is UTF-32";
    sniffed.hint = kConvertHint;
    return sniffed;
  }
  return std::nullopt;
}

/// Bytes at the beginning of a file that texts in UTF-8 hardly have.
struct OddBytes {
  std::array<size_t, 2> nuls{};  // at even and at odd places
  size_t controls = 0;
  size_t invalid = 0;  // in UTF-8
};

OddBytes CountOddBytes(std::string_view first) {
  OddBytes odd;
  for (size_t i = 0; i < first.size(); ++i) {
    const unsigned char byte = Byte(first, i);
    if (byte == 0) ++odd.nuls[i % 2];
    if (byte < 0x20 && !std::strchr("\t\n\v\f\r\x1b\x1e", byte)) ++odd.controls;
  }
  std::string decoded;
  Utf8Decoder decoder;
  decoder.Append(first, false, decoded);
  odd.invalid = decoder.invalid_bytes();
  return odd;
}

}  // namespace

Sniffed SniffEncoding(std::string_view first) {
  if (std::optional<Sniffed> other = FileOfAnotherKind(first)) return *std::move(other);
  if (first.starts_with("\xFF\xFE")) return {Encoding::kUtf16Le, 2, {}, {}};
  if (first.starts_with("\xFE\xFF")) return {Encoding::kUtf16Be, 2, {}, {}};
  Sniffed sniffed;
  if (first.starts_with(kUtf8Mark)) sniffed.mark_bytes = kUtf8Mark.size();
  // A few NULs or control characters are dirt in a text; many of them are another kind of file.
  const OddBytes odd = CountOddBytes(first);
  const size_t half = first.size() / 2;
  if (half >= 8 && (odd.nuls[0] > half / 3) != (odd.nuls[1] > half / 3)) {
    sniffed.problem = "looks like UTF-16 without a byte order mark";
    sniffed.hint = odd.nuls[1] > odd.nuls[0] ? "convert it: `iconv -f utf-16le -t utf-8 FILE > NEW`"
                                             : "convert it: `iconv -f utf-16be -t utf-8 FILE > NEW`";
    return sniffed;
  }
  if (first.size() >= 16 && (odd.controls * 10 > first.size() || odd.invalid * 10 > first.size() * 4)) {
    sniffed.problem = "is not text (" + std::to_string(odd.controls) + " control and " + std::to_string(odd.invalid) +
                      " invalid bytes in its first " + std::to_string(first.size()) + ")";
    sniffed.hint =
        "use UTF-8 CSV, TSV, JSONL or fastText lines; text in another encoding: " + std::string(kConvertHint);
  } else if (sniffed.mark_bytes == 0 && odd.invalid > 0 && LooksLikeWindows1252(first)) {
    sniffed.encoding = Encoding::kWindows1252;
  }
  return sniffed;
}

char LineEndOf(std::string_view text) {
  if (text.find('\r') == std::string_view::npos) return '\n';
  if (text.find('\n') == std::string_view::npos) return '\r';
  bool quoted = false, found = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) return '\n';
    found = found || (c == '\r' && !quoted);
  }
  return found ? '\r' : '\n';
}

size_t MarkBytes(std::string_view bytes, Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return bytes.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
    case Encoding::kUtf16Le:
      return bytes.starts_with("\xFF\xFE") ? 2 : 0;
    case Encoding::kUtf16Be:
      return bytes.starts_with("\xFE\xFF") ? 2 : 0;
    case Encoding::kWindows1252:
    case Encoding::kLatin1:
      return 0;
  }
  return 0;
}

}  // namespace winnow

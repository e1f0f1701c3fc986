#include "mail/charset.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// Labels whose meaning differs from that of iconv, by the WHATWG Encoding Standard (encoding.spec.whatwg.org, names
/// and labels), and the names by which iconv knows them.
constexpr std::array<std::pair<std::string_view, const char*>, 46> kNames = {{
    {"iso-8859-1", "WINDOWS-1252"},
    {"iso8859-1", "WINDOWS-1252"},
    {"iso_8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"latin-1", "WINDOWS-1252"},
    {"l1", "WINDOWS-1252"},
    {"cp1252", "WINDOWS-1252"},
    {"cp-1252", "WINDOWS-1252"},
    {"x-cp1252", "WINDOWS-1252"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"latin5", "WINDOWS-1254"},
    {"iso-8859-11", "WINDOWS-874"},
    {"tis-620", "WINDOWS-874"},
    {"windows-874", "CP874"},
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"x-gbk", "GB18030"},
    {"gbk", "GB18030"},
    {"cp936", "GB18030"},
    {"ms936", "GB18030"},
    {"euc-cn", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", "BIG5-HKSCS"},
    {"x-x-big5", "BIG5-HKSCS"},
    {"cn-big5", "BIG5-HKSCS"},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601", "CP949"},
    {"ksc5601", "CP949"},
    {"windows-949", "CP949"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"ms_kanji", "CP932"},
    {"iso-2022-jp", "ISO-2022-JP-3"},
    {"iso-2022-jp-ms", "ISO-2022-JP-3"},
    {"cp50220", "ISO-2022-JP-3"},
    {"cp50221", "ISO-2022-JP-3"},
    {"cp-850", "CP850"},
    {"unicode", "UTF-16"},
    {"utf16", "UTF-16"},
    {"x-mac-roman", "MACINTOSH"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"x-euc-jp", "EUC-JP"},
}};

/// Returns a name in the form of kNames: without quotes and spaces around it, in lower case, and without the language
/// of RFC 2231 ("utf-8*en").
std::string Normalized(std::string_view label) {
  std::string name;
  for (const char c : label.substr(0, label.find('*'))) {
    if (c != ' ' && c != '"' && c != '\'' && c != '\t') name += LowerAscii(c);
  }
  return name;
}

bool MeansUtf8(const std::string& name) {
  return name == "utf-8" || name == "utf8" || name == "us-ascii" || name == "ascii" || name == "ansi_x3.4-1968" ||
         name == "unicode-1-1-utf-8" || name == "utf-8-sig" || name == "8bit" || name == "7bit" || name == "default";
}

bool MeansUtf7(const std::string& name) { return name.find("utf-7") != std::string::npos || name == "utf7"; }

/// A conversion of iconv, closed at the end.
class Converter {
 public:
  explicit Converter(const std::string& name) {
    // Letters, digits and the signs of names alone: "//TRANSLIT" and the like are instructions to iconv.
    const bool plain = !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
      return IsAsciiAlphanumeric(c) || c == '-' || c == '_' || c == '.' || c == ':';
    });
    if (!plain) return;
    const auto known = std::ranges::find(kNames, name, [](const auto& entry) { return entry.first; });
    handle_ = ::iconv_open("UTF-8", known == kNames.end() ? name.c_str() : known->second);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (open()) ::iconv_close(handle_);
  }

  bool open() const { return handle_ != Closed(); }

  /// Appends the text of `bytes`. Returns the number of bytes that became U+FFFD.
  size_t Append(std::string_view bytes, std::string& out) {
    std::array<char, 4096> buffer;
    // The declaration of iconv wants a pointer to bytes that could be changed, and changes none.
    char* in = const_cast<char*>(bytes.data());
    size_t left = bytes.size();
    size_t invalid = 0;
    while (true) {
      char* to = buffer.data();
      size_t room = buffer.size();
      const size_t done =
          left > 0 ? ::iconv(handle_, &in, &left, &to, &room) : ::iconv(handle_, nullptr, nullptr, &to, &room);
      out.append(buffer.data(), static_cast<size_t>(to - buffer.data()));
      if (done != static_cast<size_t>(-1)) {
        if (left > 0) continue;
        if (flushed_) return invalid;
        flushed_ = true;
      } else if (errno == EILSEQ || errno == EINVAL) {
        AppendUtf8(0xFFFD, out);
        ++invalid;
        ++in;
        --left;
      } else if (errno != E2BIG) {
        return invalid + left;
      }
    }
  }

 private:
  static iconv_t Closed() { return reinterpret_cast<iconv_t>(-1); }

  iconv_t handle_ = Closed();
  bool flushed_ = false;
};

/// What UTF-8 makes of bytes.
struct Utf8Shape {
  size_t characters = 0;  // beyond ASCII
  size_t invalid = 0;     // maximal parts of characters
};

Utf8Shape ShapeOf(std::string_view bytes) {
  Utf8Shape shape;
  for (size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    const size_t begin = i;
    if (NextCodePoint(bytes, i) != 0xFFFD || bytes.substr(begin, 3) == "\xEF\xBF\xBD") {
      ++shape.characters;
    } else {
      ++shape.invalid;
    }
  }
  return shape;
}

std::string Repaired(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size();) AppendUtf8(NextCodePoint(bytes, i), text);
  return text;
}

DecodedText Converted(std::string_view bytes, const std::string& name) {
  DecodedText decoded;
  Converter converter(name);
  if (!converter.open()) return {Repaired(bytes), fmt::format("the charset '{}' is unknown", name)};
  decoded.text.reserve(bytes.size());
  if (const size_t invalid = converter.Append(bytes, decoded.text); invalid > 0) {
    decoded.problem = fmt::format("{} bytes are not valid {}", invalid, name);
  }
  return decoded;
}

/// Bytes without a label that can be believed.
DecodedText Guessed(std::string_view bytes, const Utf8Shape& shape, const std::string& fallback) {
  if (shape.invalid == 0) return {std::string(bytes), {}};
  // A damaged UTF-8 text has many more whole characters than other bytes.
  if (shape.characters >= 4 * shape.invalid) {
    return {Repaired(bytes), fmt::format("{} places are not valid utf-8", shape.invalid)};
  }
  const std::string name = fallback.empty() || MeansUtf8(fallback) || MeansUtf7(fallback) || !Converter(fallback).open()
                               ? "windows-1252"
                               : fallback;
  DecodedText decoded = Converted(bytes, name);
  decoded.problem = fmt::format("the bytes are not valid utf-8 and were read as {}", name);
  return decoded;
}

/// The encoding of a byte order mark, and its length.
std::pair<const char*, size_t> MarkOf(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return {"utf-8", 3};
  if (bytes.starts_with("\xFF\xFE")) return {"utf-16le", 2};
  if (bytes.starts_with("\xFE\xFF")) return {"utf-16be", 2};
  return {"", 0};
}

DecodedText Decode(std::string_view bytes, std::string name, const std::string& fallback) {
  if (const auto [mark, length] = MarkOf(bytes); length > 0) {
    bytes.remove_prefix(length);
    name = mark;
  }
  const bool wide = name.starts_with("utf-16") || name.starts_with("utf-32") || name.starts_with("ucs-") ||
                    name == "utf16" || name == "unicode";
  const bool escaped = name.starts_with("iso-2022-") || name.starts_with("cp5022") || name.starts_with("hz-");
  const Utf8Shape shape = ShapeOf(bytes);
  if (wide) {
    // Every second byte of ASCII characters is NUL in UTF-16; text without any is not UTF-16.
    const bool ascii = shape.characters == 0 && shape.invalid == 0 && bytes.find('\0') == std::string_view::npos;
    if (!ascii || bytes.empty()) return Converted(bytes, name);
    return {std::string(bytes), fmt::format("the text is labelled {} but is ascii", name)};
  }
  if (escaped) {
    // These encodings have seven bits; bytes of eight are of another one.
    if (shape.characters == 0 && shape.invalid == 0) return Converted(bytes, name);
    return Guessed(bytes, shape, name.starts_with("iso-2022-jp") ? "cp932" : fallback);
  }
  if (MeansUtf7(name)) {
    DecodedText decoded = Guessed(bytes, shape, fallback);
    decoded.problem = "the charset utf-7 is not decoded";
    return decoded;
  }
  if (name.empty() || MeansUtf8(name)) return Guessed(bytes, shape, fallback);
  if (shape.characters == 0 && shape.invalid == 0 && IsKnownCharset(name)) return {std::string(bytes), {}};
  if (shape.characters > 0 && shape.invalid == 0) {
    return {std::string(bytes), fmt::format("the text is labelled {} but is utf-8", name)};
  }
  if (!Converter(name).open()) {
    DecodedText decoded = Guessed(bytes, shape, fallback);
    decoded.problem = fmt::format("the charset '{}' is unknown", name.substr(0, 40));
    return decoded;
  }
  return Converted(bytes, name);
}

}  // namespace

bool IsKnownCharset(std::string_view label) {
  const std::string name = Normalized(label);
  return MeansUtf8(name) || (!MeansUtf7(name) && Converter(name).open());
}

DecodedText DecodeCharset(std::string_view bytes, std::string_view label, std::string_view fallback) {
  DecodedText decoded = Decode(bytes, Normalized(label), Normalized(fallback));
  if (std::erase(decoded.text, '\0') > 0 && decoded.problem.empty()) decoded.problem = "NUL bytes were removed";
  return decoded;
}

}  // namespace winnow

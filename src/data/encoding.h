/// Conversion of the bytes of a file to valid UTF-8: byte order marks, UTF-16, replacement of invalid bytes, and
/// recognition of binary files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

/// The byte order mark in UTF-8. Besides the first bytes of a file, it begins lines where marked files were
/// concatenated.
inline constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

enum class Encoding { kUtf8, kUtf16Le, kUtf16Be, kWindows1252, kLatin1 };

/// Decodes a stream of bytes piece by piece. Not thread-safe.
class Utf8Decoder {
 public:
  explicit Utf8Decoder(Encoding encoding = Encoding::kUtf8) : encoding_(encoding) {}

  /// Decodes `bytes` and appends the result to `out`. A character that is incomplete at the end of `bytes` is kept for
  /// the next call or, if `last` is true, counts as invalid. Invalid input becomes one U+FFFD for each maximal part of
  /// a character (Unicode 3.9, WHATWG).
  void Append(std::string_view bytes, bool last, std::string& out);

  Encoding encoding() const { return encoding_; }
  /// Returns the number of input bytes that were not part of a valid character.
  size_t invalid_bytes() const { return invalid_bytes_; }

 private:
  size_t AppendUtf8(std::string_view bytes, bool last, std::string& out);
  size_t AppendBytes(std::string_view bytes, std::string& out);
  size_t AppendUtf16(std::string_view bytes, bool last, std::string& out);

  Encoding encoding_;
  std::string pending_;
  size_t invalid_bytes_ = 0;
};

/// The result of examining the first bytes of a file. `problem` is empty if the file can be read as text; otherwise it
/// completes the sentence "the file ...", as in "looks like a Parquet file", and `hint` is advice for the user.
struct Sniffed {
  Encoding encoding = Encoding::kUtf8;
  size_t mark_bytes = 0;  ///< length of the byte order mark, to be skipped
  std::string problem;
  std::string hint;
};

/// Examines the first bytes of a file. Bytes that are not UTF-8 are Windows-1252, the encoding of Western European and
/// American spreadsheets, if all of them are characters of it and stand alone between ASCII characters.
Sniffed SniffEncoding(std::string_view first_bytes);

/// Returns the length of the byte order mark of `encoding` at the beginning of `bytes`; 0 if there is none.
size_t MarkBytes(std::string_view bytes, Encoding encoding);

}  // namespace winnow

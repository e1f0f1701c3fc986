/// A data file as a stream of valid UTF-8: plain or gzip, of any size, in a buffer that contains only the current
/// records.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "data/encoding.h"
#include "data/gzip_reader.h"

namespace winnow {

/// A stream of text. Movable, not thread-safe. Usage: read buffered(), Consume() the part that was used, Fill() for
/// more.
class TextStream {
 public:
  /// Maximum length of a record (a line, a quoted row); a longer one means that the file is damaged.
  static constexpr size_t kMaxRecordBytes = size_t{64} << 20;

  /// Opens `path` ("-": standard input) and reads its first bytes. gzip is recognized by its first bytes. The encoding
  /// is detected (SniffEncoding) unless it is given; a byte order mark of that encoding is skipped. Errors: kNotFound;
  /// kIo; kInvalidData if the file is empty or not text.
  static Result<TextStream> Open(const std::filesystem::path& path, std::optional<Encoding> encoding = {});

  /// Changes the maximum length of a record for this stream.
  void LimitRecords(size_t most_bytes) { most_record_bytes_ = most_bytes; }
  size_t most_record_bytes() const { return most_record_bytes_; }

  /// Returns the decoded text that was not consumed yet; valid until the next call of Fill().
  std::string_view buffered() const { return std::string_view(text_).substr(position_); }
  void Consume(size_t bytes);

  /// Reads more of the file into the buffer. Returns false at the end of the file. Errors: kIo; kInvalidData for a gzip
  /// file that is damaged, incomplete or expands excessively, and for a record over the limit.
  Result<bool> Fill();

  /// Reads the next line, without its end (LF, CRLF; CR in a file without LF) and without a byte order mark before it.
  /// Returns false if there is no further line.
  Result<bool> NextLine(std::string& line);

  /// Returns the 1-based number of the line that buffered() begins in.
  size_t line() const { return line_; }
  /// Returns true if lines end in a lone CR: the first bytes of the file contain CR and no LF.
  bool carriage_return_ends_lines() const { return line_end_ == '\r'; }

  const std::string& name() const { return name_; }
  bool gzip() const;
  /// Returns true if the encoding was detected from bytes that are not UTF-8, and may be another one.
  bool encoding_assumed() const { return encoding_assumed_; }
  Encoding encoding() const { return decoder_.encoding(); }
  size_t invalid_bytes() const { return decoder_.invalid_bytes(); }
  /// Returns the line of the first invalid byte, as precisely as the buffer allows; 0 if there was none.
  size_t first_invalid_line() const { return first_invalid_line_; }

 private:
  explicit TextStream(GzipReader file) : name_(file.name()), file_(std::move(file)) {}
  Result<size_t> ReadRaw(char* bytes, size_t count);

  std::string name_;
  GzipReader file_;
  Utf8Decoder decoder_;
  std::string text_;
  size_t position_ = 0;
  size_t line_ = 1;
  char line_end_ = '\n';
  size_t raw_bytes_ = 0;
  size_t most_record_bytes_ = kMaxRecordBytes;
  size_t first_invalid_line_ = 0;
  bool at_end_ = false;
  bool encoding_assumed_ = false;
};

}  // namespace winnow

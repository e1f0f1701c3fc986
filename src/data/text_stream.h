/// A data file as a stream of valid UTF-8: plain or gzip, any size, in a buffer that holds only what is being looked
/// at.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/encoding.h"

namespace winnow {

/// Movable, not thread-safe. Usage: look at buffered(), Consume() what was used, Fill() for more.
class TextStream {
 public:
  /// A single record (a line, a quoted row) past this is refused: it is a broken file, not a text.
  static constexpr size_t kMaxRecordBytes = size_t{64} << 20;

  /// Opens `path`, "-" being standard input, and reads its first piece. gzip is recognised by its first bytes.
  /// Errors: kNotFound; kIo; kInvalidData when the file is empty, or not text.
  static Result<TextStream> Open(const std::filesystem::path& path);

  /// Decoded text that was not yet consumed; valid until the next call of Fill().
  std::string_view buffered() const { return std::string_view(text_).substr(position_); }
  void Consume(size_t bytes);

  /// Reads a piece more into the buffer. False at the end of the file.
  /// Errors: kIo; kInvalidData for a damaged or cut gzip file, one that swells past all reason, a record over the
  /// limit.
  Result<bool> Fill();

  /// Takes the next line, without its end (LF, CRLF; CR where a file has no LF). False when there is none left.
  Result<bool> NextLine(std::string& line);

  /// The 1-based number of the line that buffered() begins in.
  size_t line() const { return line_; }
  /// Lines end in a lone CR: the first piece of the file has CR and no LF.
  bool carriage_return_ends_lines() const { return line_end_ == '\r'; }

  const std::string& name() const { return name_; }
  bool gzip() const;
  Encoding encoding() const { return decoder_.encoding(); }
  size_t invalid_bytes() const { return decoder_.invalid_bytes(); }
  /// The line of the first invalid byte, as near as the buffer tells; 0 when there was none.
  size_t first_invalid_line() const { return first_invalid_line_; }

 private:
  struct Closer {
    void operator()(void* file) const;
  };

  TextStream() = default;
  Result<size_t> ReadRaw(char* bytes, size_t count);

  std::string name_;
  std::unique_ptr<void, Closer> file_;  // a gzFile, which also reads plain files
  Utf8Decoder decoder_;
  std::string text_;
  size_t position_ = 0;
  size_t line_ = 1;
  char line_end_ = '\n';
  size_t raw_bytes_ = 0;
  size_t first_invalid_line_ = 0;
  bool at_end_ = false;
};

}  // namespace winnow

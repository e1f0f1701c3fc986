/// A file as the bytes in it: those that a gzip file unpacks to, or those of any other file as they are.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/input_file.h"
#include "base/result.h"

namespace winnow {

/// Reads a file or stream, unpacking gzip, which its first two bytes tell (RFC 1952). Members of a gzip file that
/// follow each other are read as one; what follows the last and is no member is ignored, as gzip(1) does. zlib's own
/// gzFile is not used, since waiting for a pipe in it could not be ended. Movable, not thread-safe.
class GzipReader {
 public:
  /// Opens `path`; "-" is standard input. Errors: those of InputFile::Open.
  static Result<GzipReader> Open(const std::filesystem::path& path);

  /// Reads `count` bytes, or as many as there are; fewer mean the end of the file. Errors: those of InputFile::Read;
  /// kInvalidData for gzip data that is damaged or ends early.
  Result<size_t> Read(char* bytes, size_t count);

  const std::string& name() const { return file_.name(); }
  /// Returns true for a gzip file, after the first Read().
  bool gzip() const { return stream_ != nullptr; }
  /// Returns the number of bytes of the file that were read so far.
  size_t packed_bytes() const { return packed_bytes_; }

 private:
  struct Closer {
    void operator()(z_stream* stream) const;
  };

  GzipReader() = default;
  /// Reads more of the file until `input_` holds `wanted` bytes that were not used yet, or the file ends.
  Result<void> Fill(size_t wanted);
  Result<void> Begin();
  Result<size_t> Unpack(char* bytes, size_t count);
  Error Damaged(const std::string& reason) const;

  InputFile file_;
  std::unique_ptr<z_stream, Closer> stream_;  // of gzip alone
  std::vector<unsigned char> input_;
  size_t begin_ = 0, end_ = 0;  // of the bytes of input_ that were not used yet
  size_t packed_bytes_ = 0;
  bool begun_ = false;
  bool file_ended_ = false;
  bool ended_ = false;  // after the last member
};

}  // namespace winnow

/// Writing of gzip files piece by piece.
#pragma once

#include <zlib.h>

#include <memory>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace winnow {

/// Compresses what is written to it, and passes it on. Not thread-safe.
class GzipWriter {
 public:
  /// `sink` must outlive the writer. Errors: kInternal.
  static Result<GzipWriter> Open(const FileSink& sink);

  /// Errors: those of the sink; kInternal.
  Result<void> Write(std::string_view bytes) { return Deflate(bytes, Z_NO_FLUSH); }
  /// Ends the file.
  Result<void> Finish() { return Deflate({}, Z_FINISH); }

 private:
  struct Closer {
    void operator()(z_stream* stream) const;
  };
  explicit GzipWriter(const FileSink& sink) : sink_(&sink) {}
  Result<void> Deflate(std::string_view bytes, int flush);

  const FileSink* sink_;
  std::unique_ptr<z_stream, Closer> stream_;
};

}  // namespace winnow

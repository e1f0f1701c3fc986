#include "workspace/gzip_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace winnow {

void GzipWriter::Closer::operator()(z_stream* stream) const {
  deflateEnd(stream);
  delete stream;
}

Result<GzipWriter> GzipWriter::Open(const FileSink& sink) {
  constexpr int kGzipWindow = 15 + 16, kMemoryLevel = 8;
  auto stream = std::make_unique<z_stream>();
  if (deflateInit2(stream.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return Fail(ErrorCode::kInternal, "zlib cannot compress");
  }
  GzipWriter writer(sink);
  writer.stream_.reset(stream.release());
  return writer;
}

Result<void> GzipWriter::Deflate(std::string_view bytes, int flush) {
  std::array<char, 1 << 16> out;
  do {
    const size_t piece = std::min(bytes.size(), size_t{1} << 24);
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_->avail_in = static_cast<uInt>(piece);
    bytes.remove_prefix(piece);
    int code = Z_OK;
    do {
      stream_->next_out = reinterpret_cast<Bytef*>(out.data());
      stream_->avail_out = static_cast<uInt>(out.size());
      code = deflate(stream_.get(), bytes.empty() ? flush : Z_NO_FLUSH);
      if (code == Z_STREAM_ERROR) return Fail(ErrorCode::kInternal, "zlib cannot compress");
      TRY((*sink_)(std::as_bytes(std::span(out.data(), out.size() - stream_->avail_out))));
    } while (stream_->avail_out == 0);
  } while (!bytes.empty());
  return {};
}

}  // namespace winnow

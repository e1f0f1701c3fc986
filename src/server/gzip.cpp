#include "server/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "server/header_values.h"

namespace winnow {
namespace {

constexpr int kGzipWindow = MAX_WBITS + 16;  // zlib's way to say gzip

}  // namespace

std::string Gzip(std::string_view data) {
  z_stream stream = {};
  constexpr int kMemory = 8;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string packed(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Result<std::string> Gunzip(std::string_view data, size_t most) {
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return Fail(ErrorCode::kInvalidData, "zlib could not be initialized");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  std::string unpacked;
  int status = Z_OK;
  constexpr size_t kPiece = 64 << 10;
  while (status != Z_STREAM_END || stream.avail_in > 0) {
    if (status == Z_STREAM_END && inflateReset(&stream) != Z_OK) break;
    const size_t had = unpacked.size();
    unpacked.resize(had + std::min(kPiece, most - had + 1));
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.data() + had);
    stream.avail_out = static_cast<uInt>(unpacked.size() - had);
    status = inflate(&stream, Z_NO_FLUSH);
    unpacked.resize(unpacked.size() - stream.avail_out);
    if (status != Z_OK && status != Z_STREAM_END) break;
    if (unpacked.size() > most) {
      inflateEnd(&stream);
      return Fail(ErrorCode::kUnsupported, "the decompressed data are too large");
    }
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) return Fail(ErrorCode::kInvalidData, "not a complete gzip stream");
  return unpacked;
}

bool AcceptsGzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const std::string_view item = TakeListed(accept_encoding);
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = TrimmedValue(item.substr(0, semicolon));
    double quality = 1;
    if (const size_t q = item.find("q="); q != std::string_view::npos) {
      quality = std::strtod(std::string(item.substr(q + 2)).c_str(), nullptr);
    }
    if (coding == "gzip" || coding == "x-gzip") return quality > 0;
    if (coding == "*") any = quality > 0;
  }
  return any;
}

}  // namespace winnow

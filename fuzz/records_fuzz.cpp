// Any bytes as a data file: CSV, TSV, JSON, JSON lines, fastText, lines, plain or compressed.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "data/record.h"
#include "input_files.h"

namespace {

/// Returns the number of records, or -1 where the file is refused at some place.
long Read(const winnow::MemoryFile& file, size_t most) {
  const auto reader = winnow::OpenRecords(file.path(), {.allow_lines = true, .known_names = {}});
  if (!reader) return -1;
  winnow::Record record;
  for (size_t rows = 0; rows <= most; ++rows) {
    const auto step = (*reader)->Next(record);
    if (!step) return -1;
    if (*step == winnow::RecordReader::Step::kEnd) return static_cast<long>(rows);
  }
  std::abort();  // more rows than bytes
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const winnow::MemoryFile kFile;
  kFile.Set({reinterpret_cast<const char*>(data), size});
  const long plain = Read(kFile, size);
  // What begins as a compressed file does is one; anything else must read alike once it is compressed, which random
  // bytes never are.
  if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) return 0;
  std::string packed(compressBound(size) + 64, '\0');
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  kFile.Set(packed);
  if (Read(kFile, size) != plain) std::abort();
  return 0;
}

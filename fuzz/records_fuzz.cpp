// Any bytes as a data file: CSV, TSV, JSON, JSON lines, fastText, lines, plain or compressed.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "data/record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Readers take a path; a file in memory has one, and costs no disk.
  static const int kFile = ::memfd_create("fuzz", 0);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  if (::ftruncate(kFile, 0) != 0 || ::pwrite(kFile, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto reader = winnow::OpenRecords(kPath, {.allow_lines = true, .known_names = {}});
  if (!reader) return 0;
  winnow::Record record;
  for (size_t rows = 0; rows <= size; ++rows) {
    const auto step = (*reader)->Next(record);
    if (!step || *step == winnow::RecordReader::Step::kEnd) return 0;
  }
  std::abort();  // more rows than bytes
}

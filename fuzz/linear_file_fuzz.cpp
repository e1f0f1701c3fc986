// Any bytes as a linear model: read or refused, and what was read may be used.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "linear/linear_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Where a mapped file would lie: aligned.
  std::vector<uint64_t> aligned(size / 8 + 1);
  std::copy(data, data + size, reinterpret_cast<uint8_t*>(aligned.data()));
  const auto contents = winnow::ParseLinearFile(std::as_bytes(std::span(aligned)).first(size), "fuzz");
  if (!contents) return 0;
  winnow::Vectorizer::Scratch scratch;
  for (const char* text : {"the seal sang at dusk", "\xc3\xa9 \xff", "a b"}) {
    const auto row = contents->vectorizer.Weigh(text, scratch);
    for (const int32_t column : row.columns) {
      volatile float weight = contents->weights[static_cast<size_t>(column) * contents->outputs];
      static_cast<void>(weight);
    }
  }
  return 0;
}

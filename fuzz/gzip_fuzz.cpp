// Any bytes as a compressed body; and what is compressed here comes back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMost = 1 << 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto unpacked = winnow::Gunzip(bytes, kMost); unpacked && unpacked->size() > kMost) std::abort();
  if (size > kMost) return 0;
  if (const auto again = winnow::Gunzip(winnow::Gzip(bytes), kMost); !again || *again != bytes) std::abort();
  return 0;
}

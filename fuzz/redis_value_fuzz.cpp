// Any bytes as a value of the shared cache, and as the URL of one.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/cached_prediction.h"
#include "store/redis_url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::array<float, 3> values = {-1, -1, -1};
  const bool found = winnow::DecodePrediction("key", bytes, values);
  for (const float value : values) {
    if (found ? !std::isfinite(value) : value != -1) std::abort();
  }
  static_cast<void>(winnow::ParseRedisUrl(bytes));
  return 0;
}

#include "bundle/relative_row.h"

#include <algorithm>
#include <cmath>

namespace winnow {

int RelativeRow(const ModelConfig& config, int distance) {
  const int span = config.relative_span;
  int bucket = distance;
  if (const int middle = config.relative_buckets / 2; config.relative_buckets > 0 && std::abs(distance) > middle) {
    // In float, as transformers computes it, so that what lies near a whole number is rounded up alike.
    const float place = std::log(static_cast<float>(std::abs(distance)) / static_cast<float>(middle)) /
                        std::log(static_cast<float>(config.max_relative_distance - 1) / static_cast<float>(middle)) *
                        static_cast<float>(middle - 1);
    // Beyond the largest distance all are alike.
    const int logarithmic = static_cast<int>(std::min(std::ceil(place), static_cast<float>(span))) + middle;
    bucket = distance < 0 ? -logarithmic : logarithmic;
  }
  return std::clamp(bucket + span, 0, 2 * span - 1);
}

int BiasBucket(int distance) {
  constexpr int kHalf = kBiasBuckets / 2, kExact = kHalf / 2;
  constexpr float kLargest = 128;
  const int size = std::abs(distance);
  const int side = distance > 0 ? kHalf : 0;
  if (size < kExact) return side + size;
  // In float, as above.
  const float place = std::log(static_cast<float>(size) / static_cast<float>(kExact)) /
                      std::log(kLargest / static_cast<float>(kExact)) * static_cast<float>(kHalf - kExact);
  return side + std::min(kExact + static_cast<int>(place), kHalf - 1);
}

}  // namespace winnow

/// The plain form of kernels/byte_rows.h: one row, value by value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/byte_rows.h"

namespace winnow::reference {

/// Quantizes values [n] to bytes [n] and *scale, equal to those of QuantizeRows to the last bit.
inline void QuantizeRow(size_t n, const float* values, uint8_t* bytes, ByteScale* scale) {
  float least = 0, most = 0;
  for (size_t i = 0; i < n; ++i) {
    least = std::min(least, values[i]);
    most = std::max(most, values[i]);
  }
  *scale = {1.0f, 0};
  if (most - least > 1e-30f) {
    scale->scale = (most - least) * (1.0f / 254.0f);
    scale->zero = static_cast<int32_t>(std::ceil(-least / scale->scale));
  }
  const float inverse = 1.0f / scale->scale;
  for (size_t i = 0; i < n; ++i) {
    const double level = static_cast<double>(values[i]) * static_cast<double>(inverse);  // exact
    bytes[i] = static_cast<uint8_t>(std::nearbyint(level + scale->zero));
  }
}

}  // namespace winnow::reference

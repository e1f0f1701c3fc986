/// The plain form of kernels/gathered_rows.h: one element after the other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow::reference {

/// Computes sum [width] = start + sum over i of values[i] * matrix[rows[i]], summed in double precision.
inline void SumRows(size_t count, const int32_t* rows, const float* values, const float* matrix, size_t width,
                    const float* start, float* sum) {
  for (size_t k = 0; k < width; ++k) {
    double total = static_cast<double>(start[k]);
    for (size_t i = 0; i < count; ++i) {
      total += static_cast<double>(values[i]) * static_cast<double>(matrix[static_cast<size_t>(rows[i]) * width + k]);
    }
    sum[k] = static_cast<float>(total);
  }
}

/// Computes matrix[rows[i]] += values[i] * change [width] for all i.
inline void AddToRows(size_t count, const int32_t* rows, const float* values, const float* change, size_t width,
                      float* matrix) {
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < width; ++k) matrix[static_cast<size_t>(rows[i]) * width + k] += values[i] * change[k];
  }
}

}  // namespace winnow::reference

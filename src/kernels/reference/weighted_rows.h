/// The plain form of kernels/weighted_rows.h: one row after the other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow::reference {

/// Computes out [width] += sum over i of weights[i] * matrix[rows[i], :]; equal to winnow::AddWeightedRows up to
/// rounding.
inline void AddWeightedRows(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                            float* out) {
  for (size_t i = 0; i < n; ++i) {
    const float* row = matrix + static_cast<size_t>(rows[i]) * width;
    for (size_t c = 0; c < width; ++c) out[c] += weights[i] * row[c];
  }
}

}  // namespace winnow::reference

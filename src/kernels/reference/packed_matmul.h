/// The plain form of the integer products in kernels/packed_matmul.h: one sum at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow::reference {

/// Returns sum_i (x[i] - zero) * w[i], in 64-bit integers.
inline int64_t Dot(size_t n, const uint8_t* x, int32_t zero, const int8_t* w) {
  int64_t sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<int64_t>(x[i] - zero) * w[i];
  return sum;
}

}  // namespace winnow::reference

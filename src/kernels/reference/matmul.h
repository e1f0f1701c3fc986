/// The plain form of kernels/matmul.h: three loops, summed in double precision.
#pragma once

#include <cstddef>

namespace winnow::reference {

/// Computes c [m, n] = op(a) op(b) + beta * c, where op transposes if requested. Row strides ld* are in floats.
inline void MatMul(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float* a, size_t lda,
                   const float* b, size_t ldb, float beta, float* c, size_t ldc) {
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t l = 0; l < k; ++l) {
        const float x = transpose_a ? a[l * lda + i] : a[i * lda + l];
        const float y = transpose_b ? b[j * ldb + l] : b[l * ldb + j];
        sum += static_cast<double>(x) * static_cast<double>(y);
      }
      c[i * ldc + j] = static_cast<float>(sum + (beta == 0 ? 0.0 : static_cast<double>(beta * c[i * ldc + j])));
    }
  }
}

}  // namespace winnow::reference

/// Gradients of the weights of matrix products, which are sums over all rows and thus matrix products themselves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "kernels/matmul.h"
#include "kernels/vector_ops.h"

namespace winnow {

/// The product gradient[out, in] (+)= of_output[rows, out]^T input[rows, in]; the rows of `gradient` are distributed
/// over the pool's threads.
struct WeightGradient {
  size_t rows, out, in;
  const float* of_output;
  const float* input;
  float* gradient;
};

/// Computes the part of `products` of thread number `thread` of `threads`; adds to the gradients if `accumulate`.
inline void ComputeWeightGradients(std::span<const WeightGradient> products, bool accumulate,
                                   const MatMulOptions& options, int thread, int threads) {
  constexpr size_t kGrain = 16;
  for (const WeightGradient& p : products) {
    const size_t units = (p.out + kGrain - 1) / kGrain;
    const auto part = [&](int t) {
      return std::min(units * static_cast<size_t>(t) / static_cast<size_t>(threads) * kGrain, p.out);
    };
    const size_t begin = part(thread), end = part(thread + 1);
    MatMulTN(end - begin, p.in, p.rows, p.of_output + begin, p.out, p.input, p.in, accumulate ? 1.0f : 0.0f,
             p.gradient + begin * p.in, p.in, options);
  }
}

/// Computes the gradient of a bias: sums[n] += each of the rows of x[rows, n].
inline void AddColumnSums(size_t rows, size_t n, const float* x, float* sums) {
  for (size_t r = 0; r < rows; ++r) AddTo(n, x + r * n, sums);
}

}  // namespace winnow

/// Bias, dropout, residual and layer normalization (Ba, Kiros, Hinton 2016) in one pass over rows, and the backward
/// pass.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/dropout.h"

namespace winnow {

struct LayerNormWeights {
  const float* gamma;  ///< [n]
  const float* beta;   ///< [n], or null: nothing is added
  float epsilon;
};

/// Computes out = LayerNorm(residual + Dropout(x + bias)). x, residual, out: [rows, n]; bias [n]. `bias` and `residual`
/// may be null (nothing is added). `out` may be x or residual. For the backward pass, unless `normalized` is null:
/// `normalized` receives the rows before gamma and beta, and rstd[rows] = 1/deviation. first_row is the number of the
/// first row, for dropout.
void AddLayerNorm(size_t rows, size_t n, const float* x, const float* bias, const Dropout& dropout, uint64_t first_row,
                  const float* residual, const LayerNormWeights& weights, float* out, float* normalized, float* rstd);

/// Turns grad[rows, n], the gradient of out, in place into the gradient of the normalized sum, which is the residual's.
/// x_grad [rows, n], unless null, receives the gradient of x (with dropout's mask applied). Adds to gamma_grad and,
/// unless null, to beta_grad and bias_grad [n].
void AddLayerNormBackward(size_t rows, size_t n, float* grad, const float* normalized, const float* rstd,
                          const float* gamma, const Dropout& dropout, uint64_t first_row, float* x_grad,
                          float* gamma_grad, float* beta_grad, float* bias_grad);

}  // namespace winnow

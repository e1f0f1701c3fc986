/// Bias, dropout, residual and layer normalisation (Ba, Kiros, Hinton 2016) in one pass over rows, and the backward.
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

/// out = LayerNorm(residual + Dropout(x + bias)). x, residual, out: [rows, n]; bias [n].
/// `bias` and `residual` may be null (nothing is added). `out` may be x or residual.
/// For the backward, where `normalized` is not null: the normalised rows before gamma and beta, and rstd[rows] =
/// 1/deviation. first_row numbers the rows for dropout.
void AddLayerNorm(size_t rows, size_t n, const float* x, const float* bias, const Dropout& dropout, uint64_t first_row,
                  const float* residual, const LayerNormWeights& weights, float* out, float* normalized, float* rstd);

/// From grad[rows, n], the gradient of out, in place: the gradient of the sum that was normalised, which is the
/// residual's. x_grad [rows, n], where not null: the gradient of x (dropout's mask applied). gamma_grad [n] and,
/// where not null, beta_grad and bias_grad [n] are added to.
void AddLayerNormBackward(size_t rows, size_t n, float* grad, const float* normalized, const float* rstd,
                          const float* gamma, const Dropout& dropout, uint64_t first_row, float* x_grad,
                          float* gamma_grad, float* beta_grad, float* bias_grad);

}  // namespace winnow

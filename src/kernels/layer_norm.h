/// Bias, dropout, residual and layer normalization (Ba, Kiros, Hinton 2016) in one pass over rows, and the backward
/// pass:
///   out = gamma h + beta,  h = (sum - mean(sum)) / sqrt(variance(sum) + epsilon),  sum = residual + Dropout(x + bias)
/// with the mean and the variance of each row. Rows are n floats, and matrices have no gaps between rows.
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

/// The terms of the sum that is normalized.
struct LayerNormInput {
  const float* x;                   ///< [rows, n]
  const float* bias = nullptr;      ///< [n], or null: nothing is added
  Dropout dropout = {};             ///< dropout of x + bias
  uint64_t first_row = 0;           ///< number of the first row, for dropout
  const float* residual = nullptr;  ///< [rows, n], or null: nothing is added
};

/// The results of the forward pass that the backward pass needs; empty if there is none.
struct NormalizedRows {
  float* normalized = nullptr;  ///< [rows, n] h: the rows before gamma and beta
  float* rstd = nullptr;        ///< [rows] reciprocal standard deviations

  bool empty() const { return normalized == nullptr; }
  /// Returns those of the rows from `row` on, which are n floats each.
  NormalizedRows From(size_t row, size_t n) const {
    return empty() ? NormalizedRows{} : NormalizedRows{normalized + row * n, rstd + row};
  }
};

/// Computes `out` [rows, n], which may be x or residual, and writes `kept` unless it is empty.
void AddLayerNorm(size_t rows, size_t n, const LayerNormInput& in, const LayerNormWeights& weights, float* out,
                  const NormalizedRows& kept = {});

/// The gradients [n] of the weights, which the backward pass adds to.
struct LayerNormWeightGrads {
  float* gamma;
  float* beta = nullptr;  ///< null: there is no beta
};

/// The gradients of the terms behind the dropout.
struct LayerNormInputGrads {
  float* x = nullptr;      ///< [rows, n] is overwritten; null: neither x nor the bias gets a gradient
  float* bias = nullptr;   ///< [n] is added to; null: there is no bias
  Dropout dropout = {};    ///< dropout of the forward pass
  uint64_t first_row = 0;  ///< number of the first row, for dropout
};

/// Turns grad [rows, n], the gradient of `out`, in place into the gradient of the sum, which is also the residual's.
void AddLayerNormBackward(size_t rows, size_t n, float* grad, const NormalizedRows& kept, const float* gamma,
                          const LayerNormWeightGrads& weight_grads, const LayerNormInputGrads& input_grads = {});

}  // namespace winnow

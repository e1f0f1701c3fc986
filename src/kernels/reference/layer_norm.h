/// The plain form of kernels/layer_norm.h: one row after the other, in double precision.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/reference/dropout.h"

namespace winnow::reference {

/// The arguments of winnow::AddLayerNorm. Empty vectors are terms that are not added.
struct LayerNorm {
  size_t n = 0;
  std::vector<double> x, bias, residual;  ///< [rows, n], [n], [rows, n]
  Dropout dropout = {};
  uint64_t first_row = 0;
  std::vector<double> gamma, beta;  ///< [n]
  double epsilon = 0;

  /// Returns gamma (sum - mean) / sqrt(variance + epsilon) + beta for each row of residual + Dropout(x + bias).
  std::vector<double> Compute() const {
    std::vector<double> out(x.size());
    const auto size = static_cast<double>(n);
    for (size_t begin = 0; begin < x.size(); begin += n) {
      double* row = out.data() + begin;
      double mean = 0, variance = 0;
      for (size_t i = 0; i < n; ++i) {
        const double term = x[begin + i] + (bias.empty() ? 0.0 : bias[i]);
        row[i] = term * static_cast<double>(DropoutFactor(dropout, first_row + begin / n, i));
        if (!residual.empty()) row[i] += residual[begin + i];
        mean += row[i] / size;
      }
      for (size_t i = 0; i < n; ++i) variance += (row[i] - mean) * (row[i] - mean) / size;
      for (size_t i = 0; i < n; ++i) {
        row[i] = (row[i] - mean) / std::sqrt(variance + epsilon) * gamma[i] + (beta.empty() ? 0.0 : beta[i]);
      }
    }
    return out;
  }
};

}  // namespace winnow::reference

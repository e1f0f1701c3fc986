/// The plain form of kernels/attention.h: scaled dot-product attention, score by score, in double precision.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/attention.h"
#include "kernels/reference/dropout.h"

namespace winnow::reference {

/// Computes out = Dropout(softmax(scale (q k^T + bias))) v, with the layout of winnow::Attention.
inline void Attention(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout, float* out) {
  std::vector<double> p(shape.tokens);
  for (size_t i = 0; i < shape.queries; ++i) {
    double sum = 0;
    for (size_t j = 0; j < shape.tokens; ++j) {
      double score = 0;
      for (size_t c = 0; c < shape.head_size; ++c) {
        score += static_cast<double>(in.q[i * shape.q_stride + c]) * static_cast<double>(in.k[j * shape.kv_stride + c]);
      }
      if (shape.bias != nullptr) score += static_cast<double>(shape.bias[i * BiasStride(shape.tokens) + j]);
      const double root = 1 / std::sqrt(static_cast<double>(shape.head_size));
      p[j] = std::exp(score * (shape.scale > 0 ? static_cast<double>(shape.scale) : root));
      sum += p[j];
    }
    for (size_t c = 0; c < shape.head_size; ++c) {
      double value = 0;
      for (size_t j = 0; j < shape.tokens; ++j) {
        const double factor = static_cast<double>(DropoutFactor(dropout, shape.first_row + i, j));
        value += p[j] / sum * factor * static_cast<double>(in.v[j * shape.kv_stride + c]);
      }
      out[i * shape.out_stride + c] = static_cast<float>(value);
    }
  }
}

}  // namespace winnow::reference

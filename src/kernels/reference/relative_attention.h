/// The plain form of kernels/relative_attention.h: one score after the other, summed in double precision.
#pragma once

#include <cstddef>

#include "kernels/relative_attention.h"

namespace winnow::reference {

/// Computes bias[i, j] = q_i . key(i - j) + k_j . query(i - j), with the layout of winnow::RelativeScores.
inline void RelativeScores(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head,
                           const float* q, const float* k, float* bias) {
  for (size_t i = 0; i < shape.queries; ++i) {
    for (size_t j = 0; j < shape.tokens; ++j) {
      const auto column = static_cast<size_t>(places.at(static_cast<ptrdiff_t>(i) - static_cast<ptrdiff_t>(j)));
      double sum = 0;
      for (size_t c = 0; c < shape.head_size; ++c) {
        const double key = static_cast<double>(head.key_t[c * head.stride + places.width - 1 - column]);
        const double query = static_cast<double>(head.query_t[c * head.stride + column]);
        sum += static_cast<double>(q[i * shape.q_stride + c]) * key;
        sum += static_cast<double>(k[j * shape.kv_stride + c]) * query;
      }
      bias[i * BiasStride(shape.tokens) + j] = static_cast<float>(sum);
    }
  }
}

}  // namespace winnow::reference

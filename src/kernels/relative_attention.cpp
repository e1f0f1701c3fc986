// A text of n tokens has distances -(n-1) ... n-1, and a range of columns that belong to them. First come products with
// all these columns:
//   C[i, r] = q_i . key_t[:, r]        P[j, r] = k_j . query_t[:, r]
// then the ones that (i, j) asks for are taken. As long as each distance has its own column, row i of the bias takes
// neighbouring elements of C's row i, beginning one column earlier from row to row; and P, read with rows one float
// shorter than they are, is the transpose of what the bias takes. Texts long enough to have shared columns look each
// one up.
//
// Backward: the bias's gradient is spread into D[i, r] and E[j, r] as C and P lie, and what is left are products of
// matrices:
//   dq += D key_t^T;  dkey_t += q^T D;  dk += E query_t^T;  dquery_t += k^T E.
#include "kernels/relative_attention.h"

#include <algorithm>
#include <vector>

#include "kernels/matmul.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/relative_attention.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/attention-inl.h"
#include "kernels/lanes-inl.h"

#ifndef WINNOW_RELATIVE_ATTENTION_ONCE
#define WINNOW_RELATIVE_ATTENTION_ONCE
namespace winnow {
namespace {

/// The columns that a text needs.
struct Columns {
  Columns(const AttentionShape& shape, const RelativePlaces& places)
      : first(static_cast<size_t>(places.at(1 - static_cast<ptrdiff_t>(shape.tokens)))),
        count(static_cast<size_t>(places.at(static_cast<ptrdiff_t>(shape.queries) - 1)) - first + 1),
        first_reversed(places.width - first - count),
        linear(shape.tokens <= places.linear + 1) {}
  /// Returns the index, among the rows of this object, of the row for the distance i - j.
  size_t At(const RelativePlaces& places, size_t i, size_t j) const {
    return static_cast<size_t>(places.at(static_cast<ptrdiff_t>(i) - static_cast<ptrdiff_t>(j))) - first;
  }
  size_t AtReversed(const RelativePlaces& places, size_t i, size_t j) const { return count - 1 - At(places, i, j); }

  size_t first, count;
  size_t first_reversed;
  bool linear;
};

}  // namespace
}  // namespace winnow
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void RelativeScores(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head, const float* q,
                    const float* k, float* bias, AttentionScratch& scratch) {
  const Columns columns(shape, places);
  const size_t padded = Padded(columns.count);
  const size_t bias_stride = BiasStride(shape.tokens);
  const size_t queries = shape.queries, tokens = shape.tokens;
  const float* rows[kForwardRows];
  // A few rows may be computed more than there are: as many as fill up kForwardRows, which are the last one again.
  const auto products = [&](const float* x, size_t stride, size_t first, size_t count, const float* transposed,
                            float* to) {
    for (size_t r = 0; r < kForwardRows; ++r) rows[r] = x + std::min(first + r, first + count - 1) * stride;
    if (count == 1) {
      Scores<1, kWide>(rows, transposed, head.stride, shape.head_size, padded, to);
    } else {
      Scores<kForwardRows, kWide>(rows, transposed, head.stride, shape.head_size, padded, to);
    }
  };

  float* p = scratch.Floats((tokens + 2 * kForwardRows) * padded + 16);
  float* c = p + (tokens + kForwardRows) * padded;
  for (size_t j = 0; j < tokens; j += kForwardRows) {
    products(k, shape.kv_stride, j, std::min(kForwardRows, tokens - j), head.query_t + columns.first, p + j * padded);
  }
  if (columns.linear) {
    Transpose(p + columns.At(places, 0, 0), tokens, padded - 1, queries, bias_stride, bias);
  } else {
    for (size_t i = 0; i < queries; ++i) {
      for (size_t j = 0; j < tokens; ++j) bias[i * bias_stride + j] = p[j * padded + columns.At(places, i, j)];
      std::fill(bias + i * bias_stride + tokens, bias + (i + 1) * bias_stride, 0.0f);
    }
  }
  for (size_t i = 0; i < queries; i += kForwardRows) {
    const size_t count = std::min(kForwardRows, queries - i);
    products(q, shape.q_stride, i, count, head.key_t + columns.first_reversed, c);
    for (size_t r = 0; r < count; ++r) {
      const float* from = c + r * padded;
      float* to = bias + (i + r) * bias_stride;
      if (columns.linear) {
        from += columns.AtReversed(places, i + r, 0);
        ForLanes(tokens,
                 [&](size_t j, auto lanes) { lanes.Store(hn::Add(lanes.Load(to + j), lanes.Load(from + j)), to + j); });
      } else {
        for (size_t j = 0; j < tokens; ++j) to[j] += from[columns.AtReversed(places, i + r, j)];
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(RelativeScores);
void RelativeScores(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head, const float* q,
                    const float* k, float* bias, AttentionScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(RelativeScores)(shape, places, head, q, k, bias, scratch);
}

void RelativeScoresBackward(const AttentionShape& shape, const RelativePlaces& places, const RelativeHead& head,
                            const float* q, const float* k, const float* bias_grad, float* q_grad, float* k_grad,
                            float* query_t_grad, float* key_t_grad, AttentionScratch& scratch) {
  const Columns columns(shape, places);
  const size_t width = columns.count;
  const size_t queries = shape.queries, tokens = shape.tokens;
  const size_t stride = BiasStride(tokens);
  float* d = scratch.Floats((queries + tokens) * width);
  float* e = d + queries * width;
  std::fill_n(d, (queries + tokens) * width, 0.0f);
  for (size_t i = 0; i < queries; ++i) {
    const float* from = bias_grad + i * stride;
    for (size_t j = 0; j < tokens; ++j) {
      const size_t column = columns.At(places, i, j);
      d[i * width + width - 1 - column] += from[j];
      e[j * width + column] += from[j];
    }
  }
  const size_t size = shape.head_size;
  MatMulNT(queries, size, width, d, width, head.key_t + columns.first_reversed, head.stride, 1.0f, q_grad,
           shape.q_stride);
  MatMulTN(size, width, queries, q, shape.q_stride, d, width, 1.0f, key_t_grad + columns.first_reversed, head.stride);
  MatMulNT(tokens, size, width, e, width, head.query_t + columns.first, head.stride, 1.0f, k_grad, shape.kv_stride);
  MatMulTN(size, width, tokens, k, shape.kv_stride, e, width, 1.0f, query_t_grad + columns.first, head.stride);
}

}  // namespace winnow
#endif

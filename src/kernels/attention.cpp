// Heads of small encoders are 26 to 64 floats wide and texts a few dozen tokens long: too small for a matrix library,
// whose call costs more than the product. So k and v are transposed once for a head into [head_size, padded tokens],
// after which scores of four queries at a time are sums over vectors of tokens, with no horizontal sum inside a loop:
//   s[r, j..] += q[r, c] * kt[c, j..]           (r: 4 queries, c: head_size, j: tokens)
// and the weighted sum of values runs over vectors of the head: o[r, c..] += p[r, j] * v[j, c..].
// Padded tokens have score -inf, hence probability zero.
//
// Backward, with P = softmax(s), A = P * mask, o = A v:
//   dv = A^T do;  dA = do v^T;  dP = dA * mask;  ds = P (dP - sum_j P dP);  dq = ds k / sqrt(d);  dk = ds^T q /
//   sqrt(d).
#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/dropout-inl.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

constexpr size_t kRows = 4;  // queries at a time

HWY_INLINE size_t Padded(size_t tokens) { return hwy::RoundUpTo(tokens, hn::Lanes(F())); }

/// to[c, j] = from[j, c], zero beyond the tokens.
void Transpose(const float* from, size_t tokens, size_t stride, size_t head_size, size_t padded, float* to) {
  for (size_t c = 0; c < head_size; ++c) {
    float* row = to + c * padded;
    for (size_t j = 0; j < tokens; ++j) row[j] = from[j * stride + c];
    std::fill(row + tokens, row + padded, 0.0f);
  }
}

/// scores[r, j] = sum_c rows[r][c] * transposed[c, j], for kRows rows.
HWY_INLINE void Scores(const float* const* rows, const float* transposed, size_t head_size, size_t padded,
                       float* scores) {
  for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
    V s0 = hn::Zero(F()), s1 = s0, s2 = s0, s3 = s0;
    for (size_t c = 0; c < head_size; ++c) {
      const V t = hn::LoadU(F(), transposed + c * padded + j);
      s0 = hn::MulAdd(hn::Set(F(), rows[0][c]), t, s0);
      s1 = hn::MulAdd(hn::Set(F(), rows[1][c]), t, s1);
      s2 = hn::MulAdd(hn::Set(F(), rows[2][c]), t, s2);
      s3 = hn::MulAdd(hn::Set(F(), rows[3][c]), t, s3);
    }
    hn::StoreU(s0, F(), scores + j);
    hn::StoreU(s1, F(), scores + padded + j);
    hn::StoreU(s2, F(), scores + 2 * padded + j);
    hn::StoreU(s3, F(), scores + 3 * padded + j);
  }
}

/// outs[r][c] = sum_j weights[r, j] * values[j, c], for the first `count` of kRows rows.
HWY_INLINE void WeightedSums(const float* weights, size_t padded, const float* values, size_t stride, size_t tokens,
                             size_t head_size, float* const* outs, size_t count) {
  ForLanes(head_size, [&](size_t c, auto lanes) {
    V o0 = hn::Zero(F()), o1 = o0, o2 = o0, o3 = o0;
    for (size_t j = 0; j < tokens; ++j) {
      const V v = lanes.Load(values + j * stride + c);
      o0 = hn::MulAdd(hn::Set(F(), weights[j]), v, o0);
      o1 = hn::MulAdd(hn::Set(F(), weights[padded + j]), v, o1);
      o2 = hn::MulAdd(hn::Set(F(), weights[2 * padded + j]), v, o2);
      o3 = hn::MulAdd(hn::Set(F(), weights[3 * padded + j]), v, o3);
    }
    lanes.Store(o0, outs[0] + c);
    if (count > 1) lanes.Store(o1, outs[1] + c);
    if (count > 2) lanes.Store(o2, outs[2] + c);
    if (count > 3) lanes.Store(o3, outs[3] + c);
  });
}

/// Turns scaled scores into probabilities, in place; returns the log of the sum of exponentials.
HWY_INLINE float Softmax(float* scores, size_t tokens, size_t padded, float scale) {
  std::fill(scores + tokens, scores + padded, -std::numeric_limits<float>::infinity());
  const V scales = hn::Set(F(), scale);
  V most = hn::Set(F(), -std::numeric_limits<float>::infinity());
  for (size_t j = 0; j < padded; j += hn::Lanes(F())) most = hn::Max(most, hn::LoadU(F(), scores + j));
  const float largest = hn::GetLane(hn::MaxOfLanes(F(), most)) * scale;
  V sum = hn::Zero(F());
  for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
    const V e = hn::Exp(F(), hn::MulSub(hn::LoadU(F(), scores + j), scales, hn::Set(F(), largest)));
    hn::StoreU(e, F(), scores + j);
    sum = hn::Add(sum, e);
  }
  const float total = Sum(sum);
  const V inverse = hn::Set(F(), 1.0f / total);
  for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
    hn::StoreU(hn::Mul(hn::LoadU(F(), scores + j), inverse), F(), scores + j);
  }
  return largest + std::log(total);
}

void Attention(const AttentionShape& shape, const float* q, const float* k, const float* v, const Dropout& dropout,
               float* out, float* log_sum, AttentionScratch& scratch) {
  const size_t padded = Padded(shape.tokens);
  const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_size));
  float* kt = scratch.Floats((shape.head_size + kRows) * padded);
  float* scores = kt + shape.head_size * padded;
  Transpose(k, shape.tokens, shape.kv_stride, shape.head_size, padded, kt);
  for (size_t i = 0; i < shape.queries; i += kRows) {
    const size_t count = std::min(kRows, shape.queries - i);
    const float* rows[kRows];
    float* outs[kRows];
    for (size_t r = 0; r < kRows; ++r) {  // a last block of fewer repeats its first row
      rows[r] = q + (i + (r < count ? r : 0)) * shape.q_stride;
      outs[r] = out + (i + (r < count ? r : 0)) * shape.out_stride;
    }
    Scores(rows, kt, shape.head_size, padded, scores);
    for (size_t r = 0; r < count; ++r) {
      float* row = scores + r * padded;
      const float log_of_sum = Softmax(row, shape.tokens, padded, scale);
      if (log_sum != nullptr) log_sum[i + r] = log_of_sum;
      if (!dropout.active()) continue;
      const RowDropout mask(dropout, shape.first_row + i + r);
      for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
        hn::StoreU(hn::Mul(hn::LoadU(F(), row + j), mask.Factors(j)), F(), row + j);
      }
    }
    WeightedSums(scores, padded, v, shape.kv_stride, shape.tokens, shape.head_size, outs, count);
  }
}

/// grad[j, c] += sum_r weights[r, j] * rows[r][c], for all tokens j. Weights of unused rows are zero.
HWY_INLINE void AddOuterProducts(const float* weights, size_t padded, const float* const* rows, size_t tokens,
                                 size_t head_size, float* grad, size_t stride) {
  ForLanes(head_size, [&](size_t c, auto lanes) {
    const V r0 = lanes.Load(rows[0] + c), r1 = lanes.Load(rows[1] + c);
    const V r2 = lanes.Load(rows[2] + c), r3 = lanes.Load(rows[3] + c);
    for (size_t j = 0; j < tokens; ++j) {
      float* to = grad + j * stride + c;
      V g = lanes.Load(to);
      g = hn::MulAdd(hn::Set(F(), weights[j]), r0, g);
      g = hn::MulAdd(hn::Set(F(), weights[padded + j]), r1, g);
      g = hn::MulAdd(hn::Set(F(), weights[2 * padded + j]), r2, g);
      g = hn::MulAdd(hn::Set(F(), weights[3 * padded + j]), r3, g);
      lanes.Store(g, to);
    }
  });
}

void AttentionBackward(const AttentionShape& shape, const float* q, const float* k, const float* v,
                       const Dropout& dropout, const float* log_sum, const float* out_grad, float* q_grad,
                       float* k_grad, float* v_grad, AttentionScratch& scratch) {
  const size_t padded = Padded(shape.tokens);
  const float scale = 1.0f / std::sqrt(static_cast<float>(shape.head_size));
  const V scales = hn::Set(F(), scale);
  float* kt = scratch.Floats((2 * shape.head_size + 2 * kRows) * padded);
  float* vt = kt + shape.head_size * padded;
  float* weights = vt + shape.head_size * padded;  // scores, then the dropped-out probabilities A
  float* slopes = weights + kRows * padded;        // dA, then ds
  Transpose(k, shape.tokens, shape.kv_stride, shape.head_size, padded, kt);
  Transpose(v, shape.tokens, shape.kv_stride, shape.head_size, padded, vt);
  for (size_t j = 0; j < shape.tokens; ++j) {
    std::fill_n(k_grad + j * shape.kv_stride, shape.head_size, 0.0f);
    std::fill_n(v_grad + j * shape.kv_stride, shape.head_size, 0.0f);
  }
  for (size_t i = 0; i < shape.queries; i += kRows) {
    const size_t count = std::min(kRows, shape.queries - i);
    const float* q_rows[kRows];
    const float* grad_rows[kRows];
    float* q_grads[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      const size_t row = i + (r < count ? r : 0);
      q_rows[r] = q + row * shape.q_stride;
      grad_rows[r] = out_grad + row * shape.out_stride;
      q_grads[r] = q_grad + row * shape.q_stride;
    }
    Scores(q_rows, kt, shape.head_size, padded, weights);
    Scores(grad_rows, vt, shape.head_size, padded, slopes);
    for (size_t r = 0; r < kRows; ++r) {
      float* a = weights + r * padded;
      float* ds = slopes + r * padded;
      if (r >= count) {
        std::fill_n(a, padded, 0.0f);
        std::fill_n(ds, padded, 0.0f);
        continue;
      }
      std::fill(a + shape.tokens, a + padded, -std::numeric_limits<float>::infinity());
      const V shift = hn::Set(F(), log_sum[i + r]);
      const RowDropout mask(dropout, shape.first_row + i + r);
      V sum = hn::Zero(F());
      for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
        const V p = hn::Exp(F(), hn::MulSub(hn::LoadU(F(), a + j), scales, shift));
        const V dp = hn::Mul(hn::LoadU(F(), ds + j), mask.Factors(j));
        sum = hn::MulAdd(p, dp, sum);
        hn::StoreU(p, F(), a + j);
        hn::StoreU(dp, F(), ds + j);
      }
      const V total = hn::Set(F(), Sum(sum));
      for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
        const V p = hn::LoadU(F(), a + j);
        const V dp = hn::LoadU(F(), ds + j);
        hn::StoreU(hn::Mul(p, mask.Factors(j)), F(), a + j);
        hn::StoreU(hn::Mul(hn::Mul(p, hn::Sub(dp, total)), scales), F(), ds + j);
      }
    }
    WeightedSums(slopes, padded, k, shape.kv_stride, shape.tokens, shape.head_size, q_grads, count);
    AddOuterProducts(slopes, padded, q_rows, shape.tokens, shape.head_size, k_grad, shape.kv_stride);
    AddOuterProducts(weights, padded, grad_rows, shape.tokens, shape.head_size, v_grad, shape.kv_stride);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(Attention);
void Attention(const AttentionShape& shape, const float* q, const float* k, const float* v, const Dropout& dropout,
               float* out, float* log_sum, AttentionScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(Attention)(shape, q, k, v, dropout, out, log_sum, scratch);
}

HWY_EXPORT(AttentionBackward);
void AttentionBackward(const AttentionShape& shape, const float* q, const float* k, const float* v,
                       const Dropout& dropout, const float* log_sum, const float* out_grad, float* q_grad,
                       float* k_grad, float* v_grad, AttentionScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(AttentionBackward)
  (shape, q, k, v, dropout, log_sum, out_grad, q_grad, k_grad, v_grad, scratch);
}

namespace reference {
void Attention(const AttentionShape& shape, const float* q, const float* k, const float* v, const Dropout& dropout,
               float* out) {
  std::vector<double> p(shape.tokens);
  for (size_t i = 0; i < shape.queries; ++i) {
    double sum = 0;
    for (size_t j = 0; j < shape.tokens; ++j) {
      double score = 0;
      for (size_t c = 0; c < shape.head_size; ++c) {
        score += static_cast<double>(q[i * shape.q_stride + c]) * static_cast<double>(k[j * shape.kv_stride + c]);
      }
      p[j] = std::exp(score / std::sqrt(static_cast<double>(shape.head_size)));
      sum += p[j];
    }
    for (size_t c = 0; c < shape.head_size; ++c) {
      double value = 0;
      for (size_t j = 0; j < shape.tokens; ++j) {
        const double factor = static_cast<double>(DropoutFactor(dropout, shape.first_row + i, j));
        value += p[j] / sum * factor * static_cast<double>(v[j * shape.kv_stride + c]);
      }
      out[i * shape.out_stride + c] = static_cast<float>(value);
    }
  }
}
}  // namespace reference

}  // namespace winnow
#endif

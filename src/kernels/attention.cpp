// Heads of small encoders are 26 to 64 floats wide and texts a few dozen tokens long: too small for a matrix library,
// whose call costs more than the product. So k and v are transposed once for a head into [head_size, padded tokens],
// after which scores of some queries at a time are sums over vectors of tokens, with no horizontal sum inside a loop:
//   s[r, j..] += q[r, c] * kt[c, j..]           (r: 4 or 8 queries, c: head_size, j: tokens)
// and the weighted sum of values runs over vectors of the head: o[r, c..] += p[r, j] * v[j, c..].
// Padded tokens have score -inf, hence a probability of 1e-38 at most, which no sum of at least 1 notices.
//
// Backward, with P = softmax(s), A = P * mask, o = A v:
//   dv = A^T do;  dA = do v^T;  dP = dA * mask;  ds = P (dP - sum_j P dP);
//   dq = ds k / sqrt(d);  dk = ds^T q / sqrt(d).
#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/attention-inl.h"
#include "kernels/dropout-inl.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

/// Queries at a time in the backward pass, and in the forward pass of the few that are left at the end.
constexpr size_t kRows = 4;

/// outs[r][c] = scales[r] * sum_j weights[r, j] * values[j, c], for the first `count` of kCount rows, in kVectors
/// vectors from c on, the last of which may be cut by `lanes`.
template <size_t kCount, size_t kVectors, class Lanes>
HWY_INLINE void WeightedSumsAt(const float* weights, size_t padded, const float* values, size_t stride, size_t tokens,
                               size_t c, const Lanes& lanes, const float* scales, float* const* outs, size_t count) {
  const size_t width = hn::Lanes(F());
  V sums[kCount][kVectors];
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
    HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(F());
  }
  for (size_t j = 0; j < tokens; ++j) {
    V columns[kVectors];
    HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) columns[v] = lanes.Load(values + j * stride + c + v * width);
    HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
      const V weight = hn::Set(F(), weights[r * padded + j]);
      HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(weight, columns[v], sums[r][v]);
    }
  }
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
    if (r >= count) break;
    const V scale = hn::Set(F(), scales == nullptr ? 1.0f : scales[r]);
    HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) {
      lanes.Store(hn::Mul(sums[r][v], scale), outs[r] + c + v * width);
    }
  }
}

template <size_t kCount, size_t kVectors>
HWY_INLINE void WeightedSums(const float* weights, size_t padded, const float* values, size_t stride, size_t tokens,
                             size_t head_size, const float* scales, float* const* outs, size_t count) {
  const size_t width = hn::Lanes(F());
  size_t c = 0;
  for (; c + kVectors * width <= head_size; c += kVectors * width) {
    WeightedSumsAt<kCount, kVectors>(weights, padded, values, stride, tokens, c, AllLanes(), scales, outs, count);
  }
  ForLanes(head_size - c, [&](size_t i, auto lanes) {
    WeightedSumsAt<kCount, 1>(weights, padded, values, stride, tokens, c + i, lanes, scales, outs, count);
  });
}

/// exp(x) for x <= 0, with a relative error of 4e-7; below -87 it stays at the smallest normal number. 2^t is
/// 2^round(t), put together from its exponent, times a polynomial of ours for 2^f, -1/2 <= f <= 1/2.
HWY_INLINE V ExpOfNegative(V x) {
  const F d;
  const hn::RebindToSigned<F> i32;
  const V t = hn::Max(hn::Mul(x, hn::Set(d, 1.44269504f)), hn::Set(d, -126.0f));
  const V magic = hn::Set(d, 12582912.0f);  // 1.5 * 2^23: a sum with it has the rounded t in its lowest bits
  const V shifted = hn::Add(t, magic);
  const V f = hn::Sub(t, hn::Sub(shifted, magic));
  V p = hn::MulAdd(f, hn::Set(d, 0.00132764598f), hn::Set(d, 0.00967554145f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.0555071331f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.240221197f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.693146967f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.00000007f));
  return hn::BitCast(d, hn::Add(hn::BitCast(i32, p), hn::ShiftLeft<23>(hn::BitCast(i32, shifted))));
}

/// Turns scores into exp(scale * score - largest), in place: probabilities but for their sum. Rows go side by side, so
/// that none waits for another's last addition.
template <size_t kCount>
HWY_INLINE void Exponentials(float* scores, size_t tokens, size_t padded, float scale, float* largest, float* sums) {
  const size_t lanes = hn::Lanes(F());
  const size_t last = padded - lanes;
  const auto inside = hn::FirstN(F(), tokens - last);  // of the last vector
  const V nothing = hn::Set(F(), -std::numeric_limits<float>::infinity());
  const V scales = hn::Set(F(), scale);
  V shift[kCount], sum[kCount];
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
    shift[r] = hn::IfThenElse(inside, hn::LoadU(F(), scores + r * padded + last), nothing);
  }
  for (size_t j = 0; j < last; j += lanes) {
    HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
      shift[r] = hn::Max(shift[r], hn::LoadU(F(), scores + r * padded + j));
    }
  }
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
    shift[r] = hn::Mul(hn::MaxOfLanes(F(), shift[r]), scales);
    largest[r] = hn::GetLane(shift[r]);
    float* row = scores + r * padded + last;
    const V score = hn::IfThenElse(inside, hn::LoadU(F(), row), nothing);
    sum[r] = ExpOfNegative(hn::MulSub(score, scales, shift[r]));
    hn::StoreU(sum[r], F(), row);
  }
  for (size_t j = 0; j < last; j += lanes) {
    HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
      float* row = scores + r * padded + j;
      const V e = ExpOfNegative(hn::MulSub(hn::LoadU(F(), row), scales, shift[r]));
      hn::StoreU(e, F(), row);
      sum[r] = hn::Add(sum[r], e);
    }
  }
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) sums[r] = Sum(sum[r]);
}

/// Adds the bias of queries i ... i+count-1 to their scores.
HWY_INLINE void AddBias(const AttentionShape& shape, size_t i, size_t count, size_t padded, float* scores) {
  if (shape.bias == nullptr) return;
  for (size_t r = 0; r < count; ++r) {
    const float* bias = shape.bias + (i + r) * BiasStride(shape.tokens);
    float* row = scores + r * padded;
    for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
      hn::StoreU(hn::Add(hn::LoadU(F(), row + j), hn::LoadU(F(), bias + j)), F(), row + j);
    }
  }
}

HWY_INLINE float ScaleOf(const AttentionShape& shape) {
  return shape.scale > 0 ? shape.scale : 1.0f / std::sqrt(static_cast<float>(shape.head_size));
}

/// Queries i ... i+count-1 of one head, as kCount of them (missing ones are the first once more). `kt` is `in.k`,
/// transposed.
template <size_t kCount>
HWY_INLINE void AttendRows(const AttentionShape& shape, size_t i, size_t count, const AttentionInput& in,
                           const float* kt, const Dropout& dropout, float scale, size_t padded, float* scores,
                           float* out, float* log_sum) {
  const float* rows[kCount];
  float* outs[kCount];
  float largest[kCount], sums[kCount];
  for (size_t r = 0; r < kCount; ++r) {
    rows[r] = in.q + (i + (r < count ? r : 0)) * shape.q_stride;
    outs[r] = out + (i + (r < count ? r : 0)) * shape.out_stride;
  }
  Scores<kCount, kWide>(rows, kt, padded, shape.head_size, padded, scores);
  AddBias(shape, i, count, padded, scores);
  Exponentials<kCount>(scores, shape.tokens, padded, scale, largest, sums);
  for (size_t r = 0; r < count; ++r) {
    if (log_sum != nullptr) log_sum[i + r] = largest[r] + std::log(sums[r]);
    if (!dropout.active()) continue;
    const RowDropout mask(dropout, shape.first_row + i + r);
    float* row = scores + r * padded;
    for (size_t j = 0; j < padded; j += hn::Lanes(F())) {
      hn::StoreU(hn::Mul(hn::LoadU(F(), row + j), mask.Factors(j)), F(), row + j);
    }
  }
  for (float& sum : sums) sum = 1.0f / sum;
  WeightedSums<kCount, kWide>(scores, padded, in.v, shape.kv_stride, shape.tokens, shape.head_size, sums, outs, count);
}

void Attention(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout, float* out,
               float* log_sum, AttentionScratch& scratch) {
  const size_t padded = Padded(shape.tokens);
  const float scale = ScaleOf(shape);
  float* kt = scratch.Floats((shape.head_size + kForwardRows) * padded);
  float* scores = kt + shape.head_size * padded;
  Transpose(in.k, shape.tokens, shape.kv_stride, shape.head_size, padded, kt);
  const auto attend = [&](auto rows, size_t i) {
    constexpr size_t kCount = decltype(rows)::value;
    AttendRows<kCount>(shape, i, std::min(kCount, shape.queries - i), in, kt, dropout, scale, padded, scores, out,
                       log_sum);
  };
  size_t i = 0;
  for (; i + kForwardRows <= shape.queries; i += kForwardRows) {
    attend(std::integral_constant<size_t, kForwardRows>(), i);
  }
  const size_t left = shape.queries - i;
  if (left > kRows) return attend(std::integral_constant<size_t, kForwardRows>(), i);
  if (left > 1) return attend(std::integral_constant<size_t, kRows>(), i);
  if (left == 1) attend(std::integral_constant<size_t, 1>(), i);
}

/// grad[j, c] += sum_r weights[r, j] * rows[r][c], for all tokens j. Weights of unused rows are zero.
HWY_INLINE void AddOuterProducts(const float* weights, size_t padded, const float* const* rows, size_t tokens,
                                 size_t head_size, float* grad, size_t stride) {
  static_assert(kRows == 4);
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

/// The softmax of one row and its backward pass, in place: `a` holds q k^T + bias and becomes A = P * mask; `ds` holds
/// dA and becomes scale * P (dP - sum_j P dP), the gradient of q k^T + bias.
HWY_INLINE void SoftmaxBackward(const RowDropout& mask, size_t tokens, size_t padded, float scale, float log_sum,
                                float* a, float* ds) {
  std::fill(a + tokens, a + padded, -std::numeric_limits<float>::infinity());
  const V scales = hn::Set(F(), scale);
  const V shift = hn::Set(F(), log_sum);
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

void AttentionBackward(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout,
                       const float* log_sum, const float* out_grad, const AttentionGrads& grads,
                       AttentionScratch& scratch) {
  const size_t padded = Padded(shape.tokens);
  const float scale = ScaleOf(shape);
  float* kt = scratch.Floats((2 * shape.head_size + 2 * kRows) * padded);
  float* vt = kt + shape.head_size * padded;
  float* weights = vt + shape.head_size * padded;  // scores, then the dropped-out probabilities A
  float* slopes = weights + kRows * padded;        // dA, then ds
  Transpose(in.k, shape.tokens, shape.kv_stride, shape.head_size, padded, kt);
  Transpose(in.v, shape.tokens, shape.kv_stride, shape.head_size, padded, vt);
  for (size_t j = 0; j < shape.tokens; ++j) {
    std::fill_n(grads.k + j * shape.kv_stride, shape.head_size, 0.0f);
    std::fill_n(grads.v + j * shape.kv_stride, shape.head_size, 0.0f);
  }
  for (size_t i = 0; i < shape.queries; i += kRows) {
    const size_t count = std::min(kRows, shape.queries - i);
    const float* q_rows[kRows];
    const float* grad_rows[kRows];
    float* q_grads[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      const size_t row = i + (r < count ? r : 0);
      q_rows[r] = in.q + row * shape.q_stride;
      grad_rows[r] = out_grad + row * shape.out_stride;
      q_grads[r] = grads.q + row * shape.q_stride;
    }
    Scores<kRows, 1>(q_rows, kt, padded, shape.head_size, padded, weights);
    AddBias(shape, i, count, padded, weights);
    Scores<kRows, 1>(grad_rows, vt, padded, shape.head_size, padded, slopes);
    for (size_t r = 0; r < count; ++r) {
      float* ds = slopes + r * padded;
      SoftmaxBackward(RowDropout(dropout, shape.first_row + i + r), shape.tokens, padded, scale, log_sum[i + r],
                      weights + r * padded, ds);
      if (grads.bias != nullptr) std::copy_n(ds, shape.tokens, grads.bias + (i + r) * BiasStride(shape.tokens));
    }
    std::fill_n(weights + count * padded, (kRows - count) * padded, 0.0f);
    std::fill_n(slopes + count * padded, (kRows - count) * padded, 0.0f);
    WeightedSums<kRows, 1>(slopes, padded, in.k, shape.kv_stride, shape.tokens, shape.head_size, nullptr, q_grads,
                           count);
    AddOuterProducts(slopes, padded, q_rows, shape.tokens, shape.head_size, grads.k, shape.kv_stride);
    AddOuterProducts(weights, padded, grad_rows, shape.tokens, shape.head_size, grads.v, shape.kv_stride);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(Attention);
void Attention(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout, float* out,
               float* log_sum, AttentionScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(Attention)(shape, in, dropout, out, log_sum, scratch);
}

HWY_EXPORT(AttentionBackward);
void AttentionBackward(const AttentionShape& shape, const AttentionInput& in, const Dropout& dropout,
                       const float* log_sum, const float* out_grad, const AttentionGrads& grads,
                       AttentionScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(AttentionBackward)(shape, in, dropout, log_sum, out_grad, grads, scratch);
}

}  // namespace winnow
#endif

// Shared code of the attention kernels: transposing a head's rows, and products of rows with them. For Highway's
// dynamic dispatch: included once for each instruction set.
#include <algorithm>

#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

#if defined(WINNOW_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_ATTENTION_INL_H_
#undef WINNOW_ATTENTION_INL_H_
#else
#define WINNOW_ATTENTION_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

// In the forward 16 sums at a time keep both multipliers busy, where there are registers for them.
constexpr size_t kForwardRows = HWY_TARGET == HWY_AVX3 ? 8 : 4;
constexpr size_t kWide = HWY_TARGET == HWY_AVX3 ? 2 : 1;  // vectors

HWY_INLINE size_t Padded(size_t tokens) { return hwy::RoundUpTo(tokens, hn::Lanes(F())); }

/// Computes to[c, j] = from[j, c], with zeros beyond the tokens.
inline void Transpose(const float* HWY_RESTRICT from, size_t tokens, size_t stride, size_t head_size, size_t padded,
                      float* HWY_RESTRICT to) {
  size_t done = 0;  // tokens
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> pairs;
  const size_t whole_columns = head_size / 4 * 4;
  done = tokens / 4 * 4;
  for (size_t j = 0; j < done; j += 4) {
    const float* rows = from + j * stride;
    for (size_t c = 0; c < whole_columns; c += 4) {
      const auto r0 = hn::LoadU(d, rows + c), r1 = hn::LoadU(d, rows + stride + c);
      const auto r2 = hn::LoadU(d, rows + 2 * stride + c), r3 = hn::LoadU(d, rows + 3 * stride + c);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
      float* out = to + c * padded + j;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, out);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, out + padded);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, out + 2 * padded);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, out + 3 * padded);
    }
    for (size_t c = whole_columns; c < head_size; ++c) {
      for (size_t i = 0; i < 4; ++i) to[c * padded + j + i] = rows[i * stride + c];
    }
  }
#endif
  for (size_t j = done; j < tokens; ++j) {
    for (size_t c = 0; c < head_size; ++c) to[c * padded + j] = from[j * stride + c];
  }
  for (size_t c = 0; c < head_size; ++c) std::fill(to + c * padded + tokens, to + (c + 1) * padded, 0.0f);
}

/// Computes scores[r, j] = sum_c rows[r][c] * transposed[c, j] for kCount rows and kVectors vectors of columns from j
/// on. Rows of `transposed` are `stride` floats apart, rows of `scores` `padded` floats.
template <size_t kCount, size_t kVectors>
HWY_INLINE void ScoresAt(const float* const* rows, const float* transposed, size_t stride, size_t head_size,
                         size_t padded, size_t j, float* scores) {
  const size_t lanes = hn::Lanes(F());
  V sums[kCount][kVectors];
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
    HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(F());
  }
  for (size_t c = 0; c < head_size; ++c) {
    V columns[kVectors];
    HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) {
      columns[v] = hn::LoadU(F(), transposed + c * stride + j + v * lanes);
    }
    HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
      const V row = hn::Set(F(), rows[r][c]);
      HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(row, columns[v], sums[r][v]);
    }
  }
  HWY_UNROLL(8) for (size_t r = 0; r < kCount; ++r) {
    HWY_UNROLL(2) for (size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[r][v], F(), scores + r * padded + j + v * lanes);
    }
  }
}

/// Computes the scores of `padded` columns, a whole number of vectors; `transposed` is read up to there.
template <size_t kCount, size_t kVectors>
HWY_INLINE void Scores(const float* const* rows, const float* transposed, size_t stride, size_t head_size,
                       size_t padded, float* scores) {
  const size_t lanes = hn::Lanes(F());
  size_t j = 0;
  for (; j + kVectors * lanes <= padded; j += kVectors * lanes) {
    ScoresAt<kCount, kVectors>(rows, transposed, stride, head_size, padded, j, scores);
  }
  for (; j < padded; j += lanes) ScoresAt<kCount, 1>(rows, transposed, stride, head_size, padded, j, scores);
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif

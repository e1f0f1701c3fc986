#include "kernels/weighted_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/weighted_rows.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

/// Rows whose sum is taken by itself before it is added to that of the rows before: long sums of floats lose less so.
constexpr size_t kRowsAtOnce = 64;

/// kVectors vectors of columns at once: their sums stay in registers while the rows go by.
template <size_t kVectors>
HWY_INLINE void AddColumns(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                           float* out) {
  const size_t lanes = hn::Lanes(F());
  for (size_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const size_t end = HWY_MIN(n, begin + kRowsAtOnce);
    V sums[kVectors];
    for (size_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(F());
    for (size_t i = begin; i < end; ++i) {
      const float* row = matrix + static_cast<size_t>(rows[i]) * width;
      const V weight = hn::Set(F(), weights[i]);
      for (size_t v = 0; v < kVectors; ++v) sums[v] = hn::MulAdd(weight, hn::LoadU(F(), row + v * lanes), sums[v]);
    }
    for (size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(hn::Add(hn::LoadU(F(), out + v * lanes), sums[v]), F(), out + v * lanes);
    }
  }
}

/// The columns that are less than a vector.
HWY_INLINE void AddRest(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                        size_t columns, float* out) {
  const SomeLanes lanes{hn::FirstN(F(), columns)};
  for (size_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const size_t end = HWY_MIN(n, begin + kRowsAtOnce);
    V sum = hn::Zero(F());
    for (size_t i = begin; i < end; ++i) {
      const float* row = matrix + static_cast<size_t>(rows[i]) * width;
      sum = hn::MulAdd(hn::Set(F(), weights[i]), lanes.Load(row), sum);
    }
    lanes.Store(hn::Add(lanes.Load(out), sum), out);
  }
}

void AddWeightedRows(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                     float* out) {
  const size_t lanes = hn::Lanes(F());
  size_t column = 0;
  for (; column + 8 * lanes <= width; column += 8 * lanes) {
    AddColumns<8>(n, rows, weights, matrix + column, width, out + column);
  }
  for (; column + 2 * lanes <= width; column += 2 * lanes) {
    AddColumns<2>(n, rows, weights, matrix + column, width, out + column);
  }
  for (; column + lanes <= width; column += lanes) {
    AddColumns<1>(n, rows, weights, matrix + column, width, out + column);
  }
  if (column < width) AddRest(n, rows, weights, matrix + column, width, width - column, out + column);
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(AddWeightedRows);
void AddWeightedRows(size_t n, const int32_t* rows, const float* weights, const float* matrix, size_t width,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(AddWeightedRows)(n, rows, weights, matrix, width, out);
}

}  // namespace winnow
#endif

#include "kernels/vector_ops.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_ops.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void AddTo(size_t n, const float* from, float* to) {
  ForLanes(n, [&](size_t i, auto lanes) { lanes.Store(hn::Add(lanes.Load(to + i), lanes.Load(from + i)), to + i); });
}

void Scale(size_t n, float factor, float* x) {
  const V f = hn::Set(F(), factor);
  ForLanes(n, [&](size_t i, auto lanes) { lanes.Store(hn::Mul(lanes.Load(x + i), f), x + i); });
}

double SumOfSquares(size_t n, const float* x) {
  constexpr size_t kBlock = 4096;  // summed in float, and the blocks in double
  double total = 0;
  for (size_t begin = 0; begin < n; begin += kBlock) {
    V sum = hn::Zero(F());
    const float* block = x + begin;
    ForLanes(std::min(kBlock, n - begin), [&](size_t i, auto lanes) {
      const V v = lanes.Load(block + i);
      sum = hn::MulAdd(v, v, sum);
    });
    total += static_cast<double>(Sum(sum));
  }
  return total;
}

bool AllFinite(size_t n, const float* x) {
  // x - x is zero for a finite x, and NaN for an infinite one or NaN.
  V sum = hn::Zero(F());
  ForLanes(n, [&](size_t i, auto lanes) {
    const V v = lanes.Load(x + i);
    sum = hn::Add(sum, hn::Sub(v, v));
  });
  return Sum(sum) == 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(AddTo);
void AddTo(size_t n, const float* from, float* to) { HWY_DYNAMIC_DISPATCH(AddTo)(n, from, to); }

HWY_EXPORT(Scale);
void Scale(size_t n, float factor, float* x) { HWY_DYNAMIC_DISPATCH(Scale)(n, factor, x); }

HWY_EXPORT(SumOfSquares);
double SumOfSquares(size_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(SumOfSquares)(n, x); }

HWY_EXPORT(AllFinite);
bool AllFinite(size_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(AllFinite)(n, x); }

}  // namespace winnow
#endif

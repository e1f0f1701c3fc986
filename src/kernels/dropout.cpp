#include "kernels/dropout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dropout.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/dropout-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void ApplyDropout(const Dropout& dropout, uint64_t first_row, size_t rows, size_t n, float* x) {
  for (size_t r = 0; r < rows; ++r) {
    const RowDropout mask(dropout, first_row + r);
    float* row = x + r * n;
    ForLanes(n, [&](size_t i, auto lanes) { lanes.Store(hn::Mul(lanes.Load(row + i), mask.Factors(i)), row + i); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(ApplyDropout);
void ApplyDropout(const Dropout& dropout, uint64_t first_row, size_t rows, size_t n, float* x) {
  if (dropout.active()) HWY_DYNAMIC_DISPATCH(ApplyDropout)(dropout, first_row, rows, n, x);
}

uint64_t Dropout::MixKey(uint64_t key, uint64_t value) {
  // splitmix64 (Steele, Lea, Flood 2014).
  uint64_t x = key + (value + 1) * 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

uint32_t Dropout::RowKey(uint64_t row) const { return static_cast<uint32_t>(MixKey(key, row) >> 32); }

}  // namespace winnow
#endif

// Loops over vectors of any length, for Highway's dynamic dispatch: included once for each instruction set.
// Whole vectors take plain loads; the rest at the end takes masked ones, whose missing lanes read as zero and are not
// written, so no kernel reads or writes past its rows.
#include "hwy/highway.h"

#if defined(WINNOW_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_LANES_INL_H_
#undef WINNOW_LANES_INL_H_
#else
#define WINNOW_LANES_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using V = hn::Vec<F>;

struct AllLanes {
  HWY_INLINE V Load(const float* p) const { return hn::LoadU(F(), p); }
  HWY_INLINE void Store(V v, float* p) const { hn::StoreU(v, F(), p); }
};

struct SomeLanes {
  hn::Mask<F> mask;
  HWY_INLINE V Load(const float* p) const { return hn::MaskedLoad(mask, F(), p); }
  HWY_INLINE void Store(V v, float* p) const { hn::BlendedStore(v, mask, F(), p); }
};

/// Calls body(i, lanes) for each vector of [0, n), the last one of which may be incomplete.
template <class Body>
HWY_INLINE void ForLanes(size_t n, const Body& body) {
  const size_t lanes = hn::Lanes(F());
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, AllLanes());
  if (i < n) body(i, SomeLanes{hn::FirstN(F(), n - i)});
}

HWY_INLINE float Sum(V v) { return hn::GetLane(hn::SumOfLanes(F(), v)); }

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif

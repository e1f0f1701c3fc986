#include "kernels/bf16.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bf16.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void RoundToBf16(size_t n, const float* HWY_RESTRICT values, uint16_t* HWY_RESTRICT halves) {
  const hn::RebindToUnsigned<F> u32;
  const hn::Rebind<uint16_t, F> u16;
  const size_t lanes = hn::Lanes(F());
  const auto round = [&](V x) {
    const auto bits = hn::BitCast(u32, x);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(u32, 1u));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(u32, 0x7fffu))));
    // Adding to a NaN may carry it over to zero.
    const auto is_nan = hn::RebindMask(u32, hn::Not(hn::Eq(x, x)));
    return hn::TruncateTo(u16, hn::IfThenElse(is_nan, hn::Set(u32, 0x7fc0u), rounded));
  };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(round(hn::LoadU(F(), values + i)), u16, halves + i);
  if (i == n) return;
  HWY_ALIGN uint16_t rest[hn::MaxLanes(F())];
  hn::StoreU(round(hn::MaskedLoad(hn::FirstN(F(), n - i), F(), values + i)), u16, rest);
  std::memcpy(halves + i, rest, (n - i) * sizeof(uint16_t));
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(RoundToBf16);
void RoundToBf16(size_t n, const float* values, uint16_t* halves) {
  HWY_DYNAMIC_DISPATCH(RoundToBf16)(n, values, halves);
}

}  // namespace winnow
#endif

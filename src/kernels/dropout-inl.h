// The vector form of Dropout's mask; see dropout.h. Included once for each instruction set.
#include "kernels/dropout.h"
#include "kernels/lanes-inl.h"

#if defined(WINNOW_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_DROPOUT_INL_H_
#undef WINNOW_DROPOUT_INL_H_
#else
#define WINNOW_DROPOUT_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

/// The mask of one row, as factors 0 or scale. Without active dropout every factor is 1.
class RowDropout {
 public:
  HWY_INLINE RowDropout(const Dropout& dropout, uint64_t row)
      : key_(dropout.active() ? dropout.RowKey(row) : 0),
        last_dropped_(dropout.active() ? static_cast<int32_t>(dropout.threshold()) - 1 : -1),
        scale_(dropout.active() ? dropout.scale() : 1.0f) {}

  HWY_INLINE V Factors(size_t column) const {
    if (last_dropped_ < 0) return hn::Set(F(), scale_);
    const hn::RebindToUnsigned<F> u;
    // Two multiplications and three shifts: the finaliser "lowbias32" that C. Wellons found by search (nullprogram.com,
    // "Prospecting for Hash Functions"), whose output bits each depend on every input bit.
    auto x = hn::Xor(hn::Mul(hn::Iota(u, static_cast<uint32_t>(column)), hn::Set(u, 0x9E3779B9u)), hn::Set(u, key_));
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(u, 0x7feb352du));
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<15>(x)), hn::Set(u, 0x846ca68bu));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    const hn::RebindToSigned<F> s;  // 31 bits, since Highway compares signed integers alone on every target
    const auto kept = hn::Gt(hn::BitCast(s, hn::ShiftRight<1>(x)), hn::Set(s, last_dropped_));
    return hn::IfThenElseZero(hn::RebindMask(F(), kept), hn::Set(F(), scale_));
  }

 private:
  uint32_t key_;
  int32_t last_dropped_;
  float scale_;
};

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif

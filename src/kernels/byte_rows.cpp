#include "kernels/byte_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/byte_rows.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

/// 1.5 * 2^23. The sum of a small number and it is rounded to a whole one, to nearest, ties to even, whose lowest bits
/// are those of the float.
constexpr float kMagic = 12582912.0f;

/// The scale that [least, most] needs.
HWY_INLINE ByteScale ScaleOf(float least, float most) {
  // A range whose 255th part is no normal number holds nothing that a product could tell from zeros.
  constexpr float kLeastRange = 1e-30f;
  if (!(most - least > kLeastRange)) return {1.0f, 0};
  const float scale = (most - least) * (1.0f / 254.0f);
  return {scale, static_cast<int32_t>(std::ceil(-least / scale))};
}

void QuantizeRows(size_t rows, size_t n, const float* values, uint8_t* bytes, ByteScale* scales) {
  const size_t stride = ByteStride(n);
  const size_t lanes = hn::Lanes(F());
  const size_t whole = n - n % lanes;
  const hn::RebindToUnsigned<F> u32;
  const hn::Rebind<uint8_t, F> u8;
  for (size_t r = 0; r < rows; ++r) {
    const float* row = values + r * n;
    uint8_t* out = bytes + r * stride;
    // Two of each, so that one comparison need not wait for the last.
    V least = hn::Zero(F()), most = least, least2 = least, most2 = least;
    size_t i = 0;
    for (; i + 2 * lanes <= whole; i += 2 * lanes) {
      const V v = hn::LoadU(F(), row + i), w = hn::LoadU(F(), row + i + lanes);
      least = hn::Min(least, v);
      most = hn::Max(most, v);
      least2 = hn::Min(least2, w);
      most2 = hn::Max(most2, w);
    }
    if (i < whole) {
      least = hn::Min(least, hn::LoadU(F(), row + i));
      most = hn::Max(most, hn::LoadU(F(), row + i));
    }
    float low = hn::GetLane(hn::MinOfLanes(F(), hn::Min(least, least2)));
    float high = hn::GetLane(hn::MaxOfLanes(F(), hn::Max(most, most2)));
    for (i = whole; i < n; ++i) {
      low = std::min(low, row[i]);
      high = std::max(high, row[i]);
    }
    const ByteScale scale = ScaleOf(low, high);
    scales[r] = scale;
    const float inverse_scale = 1.0f / scale.scale;
    const float shift = kMagic + static_cast<float>(scale.zero);
    const V inverse = hn::Set(F(), inverse_scale);
    const V shifts = hn::Set(F(), shift);
    const auto byte = hn::Set(u32, 255);
    for (i = 0; i < whole; i += lanes) {
      const V level = hn::MulAdd(hn::LoadU(F(), row + i), inverse, shifts);
      hn::StoreU(hn::U8FromU32(hn::And(hn::BitCast(u32, level), byte)), u8, out + i);
    }
    for (; i < n; ++i) {
      const float level = std::fma(row[i], inverse_scale, shift);
      uint32_t bits;
      std::memcpy(&bits, &level, sizeof bits);
      out[i] = static_cast<uint8_t>(bits);
    }
    std::memset(out + n, scale.zero, stride - n);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(QuantizeRows);
void QuantizeRows(size_t rows, size_t n, const float* values, uint8_t* bytes, ByteScale* scales) {
  HWY_DYNAMIC_DISPATCH(QuantizeRows)(rows, n, values, bytes, scales);
}

}  // namespace winnow
#endif

#include "kernels/embedding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void EmbedText(size_t tokens, size_t n, const int32_t* ids, const float* words, const float* positions,
               const float* segment, float* out) {
  for (size_t t = 0; t < tokens; ++t) {
    const float* word = words + static_cast<size_t>(ids[t]) * n;
    ForLanes(n, [&](size_t i, auto lanes) {
      V v = lanes.Load(word + i);
      if (positions != nullptr) v = hn::Add(v, lanes.Load(positions + t * n + i));
      if (segment != nullptr) v = hn::Add(v, lanes.Load(segment + i));
      lanes.Store(v, out + t * n + i);
    });
  }
}

void EmbedTextOfBytes(size_t tokens, size_t n, const int32_t* ids, const int8_t* words, const float* scales,
                      const float* positions, float* out) {
  const hn::RebindToSigned<F> i32;
  const hn::Rebind<int8_t, F> i8;
  const size_t lanes = hn::Lanes(F());
  const size_t whole = n - n % lanes;
  for (size_t t = 0; t < tokens; ++t) {
    const auto id = static_cast<size_t>(ids[t]);
    const int8_t* word = words + id * n;
    const float* position = positions == nullptr ? nullptr : positions + t * n;
    float* to = out + t * n;
    const V scale = hn::Set(F(), scales[id]);
    for (size_t i = 0; i < whole; i += lanes) {
      const V bytes = hn::ConvertTo(F(), hn::PromoteTo(i32, hn::LoadU(i8, word + i)));
      const V sum =
          positions == nullptr ? hn::Mul(bytes, scale) : hn::MulAdd(bytes, scale, hn::LoadU(F(), position + i));
      hn::StoreU(sum, F(), to + i);
    }
    for (size_t i = whole; i < n; ++i) {
      to[i] = static_cast<float>(word[i]) * scales[id] + (positions == nullptr ? 0.0f : position[i]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(EmbedText);
void EmbedText(size_t tokens, size_t n, const int32_t* ids, const float* words, const float* positions,
               const float* segment, float* out) {
  HWY_DYNAMIC_DISPATCH(EmbedText)(tokens, n, ids, words, positions, segment, out);
}

HWY_EXPORT(EmbedTextOfBytes);
void EmbedTextOfBytes(size_t tokens, size_t n, const int32_t* ids, const int8_t* words, const float* scales,
                      const float* positions, float* out) {
  HWY_DYNAMIC_DISPATCH(EmbedTextOfBytes)(tokens, n, ids, words, scales, positions, out);
}

}  // namespace winnow
#endif

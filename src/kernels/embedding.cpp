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
      V v = hn::Add(lanes.Load(word + i), lanes.Load(positions + t * n + i));
      if (segment != nullptr) v = hn::Add(v, lanes.Load(segment + i));
      lanes.Store(v, out + t * n + i);
    });
  }
}

void AddTo(size_t n, const float* from, float* to) {
  ForLanes(n, [&](size_t i, auto lanes) { lanes.Store(hn::Add(lanes.Load(to + i), lanes.Load(from + i)), to + i); });
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

HWY_EXPORT(AddTo);
void AddTo(size_t n, const float* from, float* to) { HWY_DYNAMIC_DISPATCH(AddTo)(n, from, to); }

}  // namespace winnow
#endif

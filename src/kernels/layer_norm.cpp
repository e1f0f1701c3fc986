// With s the sum that is normalised, m its mean, r = 1/sqrt(var + eps), h = (s - m) r and y = h gamma + beta:
//   ds = r (g - mean(g) - h mean(g h)),  g = dy gamma.
// Both passes keep a row in the first-level cache, so reading it twice costs little.
#include "kernels/layer_norm.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/dropout-inl.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void AddLayerNorm(size_t rows, size_t n, const LayerNormInput& in, const LayerNormWeights& weights, float* out,
                  const NormalizedRows& kept) {
  const float* const bias = in.bias;
  const Dropout& dropout = in.dropout;
  const float inverse_n = 1.0f / static_cast<float>(n);
  for (size_t r = 0; r < rows; ++r) {
    const float* x = in.x + r * n;
    const float* residual = in.residual == nullptr ? nullptr : in.residual + r * n;
    float* y = out + r * n;
    const RowDropout mask(dropout, in.first_row + r);
    V sum = hn::Zero(F());
    ForLanes(n, [&](size_t i, auto lanes) {
      V v = lanes.Load(x + i);
      if (bias != nullptr) v = hn::Add(v, lanes.Load(bias + i));
      if (dropout.active()) v = hn::Mul(v, mask.Factors(i));
      if (residual != nullptr) v = hn::Add(v, lanes.Load(residual + i));
      lanes.Store(v, y + i);
      sum = hn::Add(sum, lanes.Load(y + i));
    });
    const V mean = hn::Set(F(), Sum(sum) * inverse_n);
    V squares = hn::Zero(F());
    const size_t whole = n - n % hn::Lanes(F());
    for (size_t i = 0; i < whole; i += hn::Lanes(F())) {
      const V v = hn::Sub(hn::LoadU(F(), y + i), mean);
      squares = hn::MulAdd(v, v, squares);
    }
    float variance = Sum(squares);
    for (size_t i = whole; i < n; ++i) variance += (y[i] - hn::GetLane(mean)) * (y[i] - hn::GetLane(mean));
    const float scale = 1.0f / std::sqrt(variance * inverse_n + weights.epsilon);
    const V scales = hn::Set(F(), scale);
    float* h = kept.empty() ? nullptr : kept.normalized + r * n;
    if (h != nullptr) kept.rstd[r] = scale;
    ForLanes(n, [&](size_t i, auto lanes) {
      const V v = hn::Mul(hn::Sub(lanes.Load(y + i), mean), scales);
      if (h != nullptr) lanes.Store(v, h + i);
      const V shift = weights.beta == nullptr ? hn::Zero(F()) : lanes.Load(weights.beta + i);
      lanes.Store(hn::MulAdd(v, lanes.Load(weights.gamma + i), shift), y + i);
    });
  }
}

void AddLayerNormBackward(size_t rows, size_t n, float* grad, const NormalizedRows& kept, const float* gamma,
                          const LayerNormWeightGrads& weight_grads, const LayerNormInputGrads& input_grads) {
  float* const gamma_grad = weight_grads.gamma;
  float* const beta_grad = weight_grads.beta;
  float* const bias_grad = input_grads.bias;
  const Dropout& dropout = input_grads.dropout;
  const float inverse_n = 1.0f / static_cast<float>(n);
  for (size_t r = 0; r < rows; ++r) {
    float* dy = grad + r * n;
    const float* h = kept.normalized + r * n;
    V sum_g = hn::Zero(F());
    V sum_gh = hn::Zero(F());
    ForLanes(n, [&](size_t i, auto lanes) {
      const V d = lanes.Load(dy + i);
      const V hi = lanes.Load(h + i);
      const V g = hn::Mul(d, lanes.Load(gamma + i));
      sum_g = hn::Add(sum_g, g);
      sum_gh = hn::MulAdd(g, hi, sum_gh);
      lanes.Store(hn::MulAdd(d, hi, lanes.Load(gamma_grad + i)), gamma_grad + i);
      if (beta_grad != nullptr) lanes.Store(hn::Add(d, lanes.Load(beta_grad + i)), beta_grad + i);
    });
    const V mean_g = hn::Set(F(), Sum(sum_g) * inverse_n);
    const V mean_gh = hn::Set(F(), Sum(sum_gh) * inverse_n);
    const V scale = hn::Set(F(), kept.rstd[r]);
    const RowDropout mask(dropout, input_grads.first_row + r);
    float* dx = input_grads.x == nullptr ? nullptr : input_grads.x + r * n;
    ForLanes(n, [&](size_t i, auto lanes) {
      const V g = hn::Mul(lanes.Load(dy + i), lanes.Load(gamma + i));
      const V ds = hn::Mul(scale, hn::Sub(hn::Sub(g, mean_g), hn::Mul(lanes.Load(h + i), mean_gh)));
      lanes.Store(ds, dy + i);
      if (dx == nullptr) return;
      const V d = dropout.active() ? hn::Mul(ds, mask.Factors(i)) : ds;
      lanes.Store(d, dx + i);
      if (bias_grad != nullptr) lanes.Store(hn::Add(d, lanes.Load(bias_grad + i)), bias_grad + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(AddLayerNorm);
void AddLayerNorm(size_t rows, size_t n, const LayerNormInput& in, const LayerNormWeights& weights, float* out,
                  const NormalizedRows& kept) {
  HWY_DYNAMIC_DISPATCH(AddLayerNorm)(rows, n, in, weights, out, kept);
}

HWY_EXPORT(AddLayerNormBackward);
void AddLayerNormBackward(size_t rows, size_t n, float* grad, const NormalizedRows& kept, const float* gamma,
                          const LayerNormWeightGrads& weight_grads, const LayerNormInputGrads& input_grads) {
  HWY_DYNAMIC_DISPATCH(AddLayerNormBackward)(rows, n, grad, kept, gamma, weight_grads, input_grads);
}

}  // namespace winnow
#endif

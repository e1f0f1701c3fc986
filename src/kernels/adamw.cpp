#include "kernels/adamw.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/adamw.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

void AdamWUpdate(const AdamWStep& step, size_t n, float* parameters, const float* grads, float* first, float* second) {
  const V decay = hn::Set(F(), 1.0f - step.lr * step.weight_decay);
  const V beta1 = hn::Set(F(), step.beta1), beta1_rest = hn::Set(F(), 1.0f - step.beta1);
  const V beta2 = hn::Set(F(), step.beta2), beta2_rest = hn::Set(F(), 1.0f - step.beta2);
  const V step_size = hn::Set(F(), step.lr / step.bias_correction1);
  const V inverse_root = hn::Set(F(), 1.0f / step.bias_correction2_sqrt);
  const V epsilon = hn::Set(F(), step.epsilon);
  const V scale = hn::Set(F(), step.grad_scale);
  ForLanes(n, [&](size_t i, auto lanes) {
    const V g = grads == nullptr ? hn::Zero(F()) : hn::Mul(lanes.Load(grads + i), scale);
    const V m = hn::MulAdd(beta1, lanes.Load(first + i), hn::Mul(beta1_rest, g));
    const V v = hn::MulAdd(beta2, lanes.Load(second + i), hn::Mul(beta2_rest, hn::Mul(g, g)));
    const V root = hn::MulAdd(hn::Sqrt(v), inverse_root, epsilon);
    const V p = hn::Mul(lanes.Load(parameters + i), decay);
    lanes.Store(m, first + i);
    lanes.Store(v, second + i);
    lanes.Store(hn::NegMulAdd(step_size, hn::Div(m, root), p), parameters + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(AdamWUpdate);
void AdamWUpdate(const AdamWStep& step, size_t n, float* parameters, const float* grads, float* first, float* second) {
  HWY_DYNAMIC_DISPATCH(AdamWUpdate)(step, n, parameters, grads, first, second);
}

}  // namespace winnow
#endif

// GELU(x) = x Phi(x), and its derivative Phi(x) + x phi(x), share one exponential: with z = |x|/sqrt 2,
//   Phi(-|x|) = erfc(z)/2 = (t/2) (a1 + t (a2 + t (a3 + t (a4 + t a5)))) exp(-z^2),  t = 1/(1 + p z)
// (Abramowitz, Stegun, formula 7.1.26; |error| of erf at most 1.5e-7), and phi(x) = exp(-z^2)/sqrt(2 pi).
#include "kernels/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

struct ValueAndSlope {
  V value, slope;
};

struct Identity {
  static HWY_INLINE ValueAndSlope At(V x) { return {x, hn::Set(F(), 1.0f)}; }
};

struct Relu {
  static HWY_INLINE ValueAndSlope At(V x) {
    const V zero = hn::Zero(F());
    return {hn::Max(x, zero), hn::IfThenElseZero(hn::Gt(x, zero), hn::Set(F(), 1.0f))};
  }
};

struct Tanh {
  static HWY_INLINE ValueAndSlope At(V x) {
    const V y = hn::Tanh(F(), x);
    return {y, hn::NegMulAdd(y, y, hn::Set(F(), 1.0f))};
  }
};

struct Gelu {
  static HWY_INLINE ValueAndSlope At(V x) {
    const F d;
    const V z = hn::Mul(hn::Abs(x), hn::Set(d, 0.70710678118654752f));
    const V t = hn::Div(hn::Set(d, 1.0f), hn::MulAdd(z, hn::Set(d, 0.3275911f), hn::Set(d, 1.0f)));
    V poly = hn::MulAdd(t, hn::Set(d, 1.061405429f), hn::Set(d, -1.453152027f));
    poly = hn::MulAdd(poly, t, hn::Set(d, 1.421413741f));
    poly = hn::MulAdd(poly, t, hn::Set(d, -0.284496736f));
    poly = hn::MulAdd(poly, t, hn::Set(d, 0.254829592f));
    const V e = hn::Exp(d, hn::Neg(hn::Mul(z, z)));
    const V tail = hn::Mul(hn::Mul(hn::Mul(poly, t), e), hn::Set(d, 0.5f));  // Phi(-|x|)
    const V phi = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
    return {hn::Mul(x, phi), hn::MulAdd(hn::Mul(x, e), hn::Set(d, 0.39894228040143268f), phi)};
  }
};

struct GeluTanh {
  static HWY_INLINE ValueAndSlope At(V x) {
    const F d;
    const V c = hn::Set(d, 0.79788456080286536f);  // sqrt(2/pi)
    const V x2 = hn::Mul(x, x);
    const V inner = hn::Mul(hn::Mul(c, x), hn::MulAdd(x2, hn::Set(d, 0.044715f), hn::Set(d, 1.0f)));
    const V t = hn::Tanh(d, inner);
    const V half = hn::Mul(hn::Set(d, 0.5f), hn::Add(hn::Set(d, 1.0f), t));
    const V inner_slope = hn::Mul(c, hn::MulAdd(x2, hn::Set(d, 3 * 0.044715f), hn::Set(d, 1.0f)));
    const V slope = hn::Mul(hn::Mul(hn::Set(d, 0.5f), x), hn::Mul(hn::NegMulAdd(t, t, hn::Set(d, 1.0f)), inner_slope));
    return {hn::Mul(x, half), hn::Add(half, slope)};
  }
};

template <class Function>
void Forward(size_t rows, size_t n, float* HWY_RESTRICT pre, const float* HWY_RESTRICT bias, float* out) {
  for (size_t r = 0; r < rows; ++r, pre += n, out += n) {
    ForLanes(n, [&](size_t i, auto lanes) {
      V x = lanes.Load(pre + i);
      if (bias != nullptr) {
        x = hn::Add(x, lanes.Load(bias + i));
        lanes.Store(x, pre + i);
      }
      lanes.Store(Function::At(x).value, out + i);
    });
  }
}

template <class Function>
void Backward(size_t rows, size_t n, const float* HWY_RESTRICT pre, float* HWY_RESTRICT grad, float* HWY_RESTRICT out,
              float* HWY_RESTRICT bias_grad) {
  for (size_t r = 0; r < rows; ++r, pre += n, grad += n, out += n) {
    ForLanes(n, [&](size_t i, auto lanes) {
      const ValueAndSlope f = Function::At(lanes.Load(pre + i));
      const V g = hn::Mul(lanes.Load(grad + i), f.slope);
      lanes.Store(f.value, out + i);
      lanes.Store(g, grad + i);
      if (bias_grad != nullptr) lanes.Store(hn::Add(lanes.Load(bias_grad + i), g), bias_grad + i);
    });
  }
}

template <class Function>
void GatedForward(size_t rows, size_t n, const float* HWY_RESTRICT pre, float* HWY_RESTRICT out) {
  for (size_t r = 0; r < rows; ++r, pre += 2 * n, out += n) {
    ForLanes(n, [&](size_t i, auto lanes) {
      lanes.Store(hn::Mul(Function::At(lanes.Load(pre + i)).value, lanes.Load(pre + n + i)), out + i);
    });
  }
}

template <class Function>
void GatedBackward(size_t rows, size_t n, const float* HWY_RESTRICT pre, const float* HWY_RESTRICT grad,
                   float* HWY_RESTRICT out, float* HWY_RESTRICT pre_grad) {
  for (size_t r = 0; r < rows; ++r, pre += 2 * n, grad += n, out += n, pre_grad += 2 * n) {
    ForLanes(n, [&](size_t i, auto lanes) {
      const ValueAndSlope f = Function::At(lanes.Load(pre + i));
      const V gate = lanes.Load(pre + n + i);
      const V g = lanes.Load(grad + i);
      lanes.Store(hn::Mul(f.value, gate), out + i);
      lanes.Store(hn::Mul(hn::Mul(g, gate), f.slope), pre_grad + i);
      lanes.Store(hn::Mul(g, f.value), pre_grad + n + i);
    });
  }
}

/// Calls run(Function()) with the function that `f` names.
template <class Run>
void WithFunction(Activation f, const Run& run) {
  switch (f) {
    case Activation::kIdentity:
      return run(Identity());
    case Activation::kGelu:
      return run(Gelu());
    case Activation::kGeluTanh:
      return run(GeluTanh());
    case Activation::kRelu:
      return run(Relu());
    case Activation::kTanh:
      return run(Tanh());
  }
}

void GatedActivation(Activation f, size_t rows, size_t n, const float* pre, float* out) {
  WithFunction(f, [&](auto function) { GatedForward<decltype(function)>(rows, n, pre, out); });
}

void GatedActivationBackward(Activation f, size_t rows, size_t n, const float* pre, const float* grad, float* out,
                             float* pre_grad) {
  WithFunction(f, [&](auto function) { GatedBackward<decltype(function)>(rows, n, pre, grad, out, pre_grad); });
}

void BiasActivation(Activation f, size_t rows, size_t n, float* pre, const float* bias, float* out) {
  WithFunction(f, [&](auto function) { Forward<decltype(function)>(rows, n, pre, bias, out); });
}

void BiasActivationBackward(Activation f, size_t rows, size_t n, const float* pre, float* grad, float* out,
                            float* bias_grad) {
  WithFunction(f, [&](auto function) { Backward<decltype(function)>(rows, n, pre, grad, out, bias_grad); });
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(BiasActivation);
void BiasActivation(Activation f, size_t rows, size_t n, float* pre, const float* bias, float* out) {
  HWY_DYNAMIC_DISPATCH(BiasActivation)(f, rows, n, pre, bias, out);
}

HWY_EXPORT(BiasActivationBackward);
void BiasActivationBackward(Activation f, size_t rows, size_t n, const float* pre, float* grad, float* out,
                            float* bias_grad) {
  HWY_DYNAMIC_DISPATCH(BiasActivationBackward)(f, rows, n, pre, grad, out, bias_grad);
}

HWY_EXPORT(GatedActivation);
void GatedActivation(Activation f, size_t rows, size_t n, const float* pre, float* out) {
  HWY_DYNAMIC_DISPATCH(GatedActivation)(f, rows, n, pre, out);
}

HWY_EXPORT(GatedActivationBackward);
void GatedActivationBackward(Activation f, size_t rows, size_t n, const float* pre, const float* grad, float* out,
                             float* pre_grad) {
  HWY_DYNAMIC_DISPATCH(GatedActivationBackward)(f, rows, n, pre, grad, out, pre_grad);
}

}  // namespace winnow
#endif

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
      const V x = hn::Add(lanes.Load(pre + i), lanes.Load(bias + i));
      lanes.Store(x, pre + i);
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
      lanes.Store(hn::Add(lanes.Load(bias_grad + i), g), bias_grad + i);
    });
  }
}

void BiasActivation(Activation f, size_t rows, size_t n, float* pre, const float* bias, float* out) {
  switch (f) {
    case Activation::kIdentity:
      return Forward<Identity>(rows, n, pre, bias, out);
    case Activation::kGelu:
      return Forward<Gelu>(rows, n, pre, bias, out);
    case Activation::kGeluTanh:
      return Forward<GeluTanh>(rows, n, pre, bias, out);
    case Activation::kRelu:
      return Forward<Relu>(rows, n, pre, bias, out);
    case Activation::kTanh:
      return Forward<Tanh>(rows, n, pre, bias, out);
  }
}

void BiasActivationBackward(Activation f, size_t rows, size_t n, const float* pre, float* grad, float* out,
                            float* bias_grad) {
  switch (f) {
    case Activation::kIdentity:
      return Backward<Identity>(rows, n, pre, grad, out, bias_grad);
    case Activation::kGelu:
      return Backward<Gelu>(rows, n, pre, grad, out, bias_grad);
    case Activation::kGeluTanh:
      return Backward<GeluTanh>(rows, n, pre, grad, out, bias_grad);
    case Activation::kRelu:
      return Backward<Relu>(rows, n, pre, grad, out, bias_grad);
    case Activation::kTanh:
      return Backward<Tanh>(rows, n, pre, grad, out, bias_grad);
  }
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
}  // namespace winnow
#endif

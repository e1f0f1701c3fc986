// Activation functions of the epilogue of packed products, on whole vectors. For Highway's dynamic dispatch: included
// once for each instruction set.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/lanes-inl.h"

#if defined(WINNOW_PACKED_ACTIVATIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WINNOW_PACKED_ACTIVATIONS_INL_H_
#undef WINNOW_PACKED_ACTIVATIONS_INL_H_
#else
#define WINNOW_PACKED_ACTIVATIONS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {

struct IdentityEpilogue {
  static HWY_INLINE V At(V x) { return x; }
};

struct ReluEpilogue {
  static HWY_INLINE V At(V x) { return hn::Max(x, hn::Zero(F())); }
};

struct TanhEpilogue {
  static HWY_INLINE V At(V x) { return hn::Tanh(F(), x); }
};

/// x Phi(x), with Phi(x) = 1/2 + x P(x^2) for |x| <= 4, where P of degree 7 was fitted by us to the least largest error
/// of x Phi(x) (1.3e-4), under the condition that it ends in Phi(4) = 1 and Phi(-4) = 0.
struct GeluEpilogue {
  static HWY_INLINE V At(V x) {
    const F d;
    const V c = hn::Clamp(x, hn::Set(d, -4.0f), hn::Set(d, 4.0f));
    const V u = hn::Mul(c, c);
    V p = hn::MulAdd(u, hn::Set(d, -1.17317032e-09f), hn::Set(d, 9.6649915e-08f));
    p = hn::MulAdd(p, u, hn::Set(d, -3.47805823e-06f));
    p = hn::MulAdd(p, u, hn::Set(d, 7.26652309e-05f));
    p = hn::MulAdd(p, u, hn::Set(d, -0.00099186443f));
    p = hn::MulAdd(p, u, hn::Set(d, 0.00945348357f));
    p = hn::MulAdd(p, u, hn::Set(d, -0.0658009746f));
    p = hn::MulAdd(p, u, hn::Set(d, 0.398624331f));
    return hn::Mul(x, hn::MulAdd(c, p, hn::Set(d, 0.5f)));
  }
};

struct GeluTanhEpilogue {
  static HWY_INLINE V At(V x) {
    const F d;
    const V inner = hn::Mul(hn::Mul(hn::Set(d, 0.79788456080286536f), x),  // sqrt(2/pi)
                            hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.044715f), hn::Set(d, 1.0f)));
    return hn::Mul(hn::Mul(hn::Set(d, 0.5f), x), hn::Add(hn::Set(d, 1.0f), hn::Tanh(d, inner)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();
#endif

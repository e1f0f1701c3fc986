// With p = softmax(u), the softmax's problem has slope  p - duals + a (u - z)  and Hessian  diag(p + a) - p p', of
// which Sherman and Morrison's formula gives the inverse. Far steps are damped by log(1 + 2 d) / (2 d), d being the
// largest change of a score, which lets every step go down (Sun, Tran-Dinh 2019, "Generalized self-concordant
// functions"). Once steps are short, one more Newton step's end is as good as exact: what is left of the slope is
// quadratic in it. The new duals are  duals - a (u - z),  cut at 0, instead of softmax(u): where C is large, u has to
// be exact for that.
#include "kernels/dual_step.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dual_step.cpp"
// The next line comes first, as it includes this file again for each target.
#include "hwy/foreach_target.h"
//
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#ifndef WINNOW_DUAL_STEP_ONCE
#define WINNOW_DUAL_STEP_ONCE
namespace winnow {
namespace {

constexpr int kMostNewtonSteps = 60;
constexpr float kFarStep = 0.5f;        // changes of a score beyond this are damped
constexpr float kShortStep = 0.25f;     // a step without a larger change is the last one
constexpr float kMostExponent = 80.0f;  // exp of it is finite, and 1 / (1 + exp) as good as 0

}  // namespace
}  // namespace winnow
#endif

HWY_BEFORE_NAMESPACE();
namespace winnow {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;  // widths are multiples of 16
using V = hn::Vec<D>;

struct Exponentials {
  float largest;  // of the u
  float sum;
};

/// Writes exp(u - largest) for u = scores + moved to `exps` [width], with zeros past `count`.
HWY_INLINE Exponentials Exponentiate(size_t count, size_t width, const float* HWY_RESTRICT scores,
                                     const float* HWY_RESTRICT moved, float* HWY_RESTRICT exps) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V most = hn::Set(d, -1e30f);  // less than any score
  for (size_t k = 0; k < width; k += lanes) {
    const V u = hn::Add(hn::LoadU(d, scores + k), hn::LoadU(d, moved + k));
    most = hn::Max(most, hn::IfThenElse(hn::FirstN(d, count > k ? count - k : 0), u, most));
  }
  most = hn::MaxOfLanes(d, most);
  V sums = hn::Zero(d);
  for (size_t k = 0; k < width; k += lanes) {
    const V u = hn::Add(hn::LoadU(d, scores + k), hn::LoadU(d, moved + k));
    const V e = hn::IfThenElseZero(hn::FirstN(d, count > k ? count - k : 0), hn::Exp(d, hn::Sub(u, most)));
    hn::StoreU(e, d, exps + k);
    sums = hn::Add(sums, e);
  }
  return {hn::GetLane(most), hn::GetLane(hn::SumOfLanes(d, sums))};
}

struct NewtonStep {
  float length;     // largest change of a score
  float decrement;  // slope times direction, with the opposite sign
};

/// Writes the slope and Newton's direction, [width] each, at moved = u - z. `weighted` holds exponentials with that sum
/// and becomes p / (p + a).
HWY_INLINE NewtonStep NewtonDirection(size_t width, float a, float sum, const float* HWY_RESTRICT duals,
                                      const float* HWY_RESTRICT moved, float* HWY_RESTRICT weighted,
                                      float* HWY_RESTRICT slopes, float* HWY_RESTRICT direction) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V va = hn::Set(d, a), zero = hn::Zero(d);
  const V inverse = hn::Set(d, 1.0f / sum);
  V along = zero, squares = zero;
  for (size_t k = 0; k < width; k += lanes) {
    const V p = hn::Mul(hn::LoadU(d, weighted + k), inverse);
    const V slope = hn::MulAdd(va, hn::LoadU(d, moved + k), hn::Sub(p, hn::LoadU(d, duals + k)));
    const V h = hn::Div(hn::Set(d, 1.0f), hn::Add(p, va));
    const V part = hn::Mul(p, h);
    const V down = hn::Neg(hn::Mul(h, slope));
    along = hn::MulAdd(p, down, along);
    squares = hn::MulAdd(p, part, squares);
    hn::StoreU(part, d, weighted + k);
    hn::StoreU(down, d, direction + k);
    hn::StoreU(slope, d, slopes + k);
  }
  // 1 - p' diag(p + a)^-1 p = a p' diag(p + a)^-1 1, which is above 0; rounding might hide that.
  const float rest = std::max(1.0f - hn::GetLane(hn::SumOfLanes(d, squares)), 1e-6f);
  const V common = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, along)) / rest);
  V longest = zero, decrement = zero;
  for (size_t k = 0; k < width; k += lanes) {
    const V down = hn::MulAdd(common, hn::LoadU(d, weighted + k), hn::LoadU(d, direction + k));
    longest = hn::Max(longest, hn::Abs(down));
    decrement = hn::NegMulAdd(down, hn::LoadU(d, slopes + k), decrement);
    hn::StoreU(down, d, direction + k);
  }
  return {hn::GetLane(hn::MaxOfLanes(d, longest)), hn::GetLane(hn::SumOfLanes(d, decrement))};
}

DualProgress SoftmaxDualStep(size_t count, size_t width, size_t truth, const DualRow& row,
                             const float* HWY_RESTRICT scores, const float* HWY_RESTRICT duals,
                             float* HWY_RESTRICT next, float* HWY_RESTRICT change, float* HWY_RESTRICT scratch) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const float a = 1.0f / (row.cost * row.parts * row.square);
  const V va = hn::Set(d, a), zero = hn::Zero(d);
  float* HWY_RESTRICT moved = scratch;             // u - z
  float* HWY_RESTRICT weighted = scratch + width;  // p, then p / (p + a)
  float* HWY_RESTRICT direction = change;          // free until the end, as `next` is for the slopes
  DualProgress progress{};
  for (size_t k = 0; k < width; k += lanes) hn::StoreU(zero, d, moved + k);
  for (int step = 0; step < kMostNewtonSteps; ++step) {
    const Exponentials exps = Exponentiate(count, width, scores, moved, weighted);
    const NewtonStep newton = NewtonDirection(width, a, exps.sum, duals, moved, weighted, next, direction);
    if (step == 0) {
      const auto cost = static_cast<double>(row.cost);
      progress.won = std::max(0.0, 0.5 * cost * static_cast<double>(newton.decrement));
      progress.loss = cost * static_cast<double>(std::log(exps.sum) + exps.largest - scores[truth]);
    }
    const float length = newton.length;
    const V taken = hn::Set(d, length > kFarStep ? std::log1p(2.0f * length) / (2.0f * length) : 1.0f);
    for (size_t k = 0; k < width; k += lanes) {
      hn::StoreU(hn::MulAdd(taken, hn::LoadU(d, direction + k), hn::LoadU(d, moved + k)), d, moved + k);
    }
    if (!(length >= kShortStep)) break;
  }
  const V growth = hn::Set(d, row.parts * row.cost);
  for (size_t k = 0; k < width; k += lanes) {
    const V before = hn::LoadU(d, duals + k);
    const V after = hn::Max(zero, hn::NegMulAdd(va, hn::LoadU(d, moved + k), before));
    hn::StoreU(after, d, next + k);
    hn::StoreU(hn::Mul(growth, hn::Sub(before, after)), d, change + k);
  }
  return progress;
}

bool LogisticDualStep(size_t width, const DualRow& row, const float* HWY_RESTRICT signs,
                      const float* HWY_RESTRICT scores, float* HWY_RESTRICT duals, float* HWY_RESTRICT change,
                      float* HWY_RESTRICT won, float* HWY_RESTRICT loss) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V a = hn::Set(d, 1.0f / (row.cost * row.parts * row.square)), one = hn::Set(d, 1.0f), zero = hn::Zero(d);
  const V c = hn::Set(d, row.cost), growth = hn::Set(d, row.parts * row.cost);
  V any = zero;
  for (size_t k = 0; k < width; k += lanes) {
    const V sign = hn::LoadU(d, signs + k);
    const V counts = hn::Abs(sign);
    const V margin = hn::Mul(sign, hn::LoadU(d, scores + k));
    const V before = hn::LoadU(d, duals + k);
    const V e = hn::Exp(d, hn::Neg(hn::Abs(margin)));
    const V l = hn::Add(hn::Max(zero, hn::Neg(margin)), hn::Log1p(d, e));
    hn::StoreU(hn::MulAdd(hn::Mul(c, counts), l, hn::LoadU(d, loss + k)), d, loss + k);
    V moved = zero;
    for (int step = 0; step < kMostNewtonSteps; ++step) {
      const V u = hn::Min(hn::Add(margin, moved), hn::Set(d, kMostExponent));
      const V p = hn::Div(one, hn::Add(one, hn::Exp(d, u)));  // of the wrong answer
      const V slope = hn::MulAdd(a, moved, hn::Sub(before, p));
      const V down = hn::Neg(hn::Div(slope, hn::MulAdd(p, hn::Sub(one, p), a)));
      const V length = hn::Abs(down);
      if (step == 0) {
        const V win = hn::Mul(hn::Mul(c, counts), hn::Mul(hn::Set(d, -0.5f), hn::Mul(down, slope)));
        hn::StoreU(hn::Add(win, hn::LoadU(d, won + k)), d, won + k);
      }
      const float longest = hn::GetLane(hn::MaxOfLanes(d, length));
      if (longest > kFarStep) {
        const V twice = hn::Max(hn::Add(length, length), hn::Set(d, 1e-3f));
        moved = hn::MulAdd(hn::Div(hn::Log1p(d, twice), twice), down, moved);
      } else {
        moved = hn::Add(moved, down);
      }
      if (!(longest >= kShortStep)) break;
    }
    const V after = hn::Min(one, hn::Max(zero, hn::MulAdd(a, moved, before)));
    const V grows = hn::Mul(hn::Mul(growth, sign), hn::Sub(after, before));
    hn::StoreU(after, d, duals + k);
    hn::StoreU(grows, d, change + k);
    any = hn::Max(any, hn::Abs(grows));
  }
  return hn::GetLane(hn::MaxOfLanes(d, any)) > 0.0f;
}

bool HingeDualStep(size_t width, const DualRow& row, const float* HWY_RESTRICT signs, const float* HWY_RESTRICT scores,
                   float* HWY_RESTRICT duals, float* HWY_RESTRICT change, float* HWY_RESTRICT won,
                   float* HWY_RESTRICT loss) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const V one = hn::Set(d, 1.0f), zero = hn::Zero(d), half = hn::Set(d, 0.5f);
  const V c = hn::Set(d, row.cost), growth = hn::Set(d, row.parts * row.cost);
  const float steepness = row.cost * row.parts * row.square + 0.5f;
  const V curve = hn::Set(d, steepness), inverse = hn::Set(d, 1.0f / steepness);
  V any = zero;
  for (size_t k = 0; k < width; k += lanes) {
    const V sign = hn::LoadU(d, signs + k);
    const V weight = hn::Mul(c, hn::Abs(sign));
    const V shortage = hn::NegMulAdd(sign, hn::LoadU(d, scores + k), one);
    const V before = hn::LoadU(d, duals + k);
    const V missed = hn::Max(zero, shortage);
    hn::StoreU(hn::MulAdd(weight, hn::Mul(missed, missed), hn::LoadU(d, loss + k)), d, loss + k);
    const V slope = hn::NegMulAdd(half, before, shortage);
    const V after = hn::Max(zero, hn::MulAdd(slope, inverse, before));
    const V step = hn::Sub(after, before);
    const V win = hn::Mul(hn::Mul(weight, step), hn::NegMulAdd(hn::Mul(half, curve), step, slope));
    hn::StoreU(hn::Add(hn::Max(zero, win), hn::LoadU(d, won + k)), d, won + k);
    const V grows = hn::Mul(hn::Mul(growth, sign), step);
    hn::StoreU(after, d, duals + k);
    hn::StoreU(grows, d, change + k);
    any = hn::Max(any, hn::Abs(grows));
  }
  return hn::GetLane(hn::MaxOfLanes(d, any)) > 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace winnow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace winnow {

HWY_EXPORT(SoftmaxDualStep);
DualProgress SoftmaxDualStep(size_t count, size_t width, size_t truth, const DualRow& row, const float* scores,
                             const float* duals, float* next, float* change, float* scratch) {
  return HWY_DYNAMIC_DISPATCH(SoftmaxDualStep)(count, width, truth, row, scores, duals, next, change, scratch);
}

HWY_EXPORT(LogisticDualStep);
bool LogisticDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                      float* change, float* won, float* loss) {
  return HWY_DYNAMIC_DISPATCH(LogisticDualStep)(width, row, signs, scores, duals, change, won, loss);
}

HWY_EXPORT(HingeDualStep);
bool HingeDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                   float* change, float* won, float* loss) {
  return HWY_DYNAMIC_DISPATCH(HingeDualStep)(width, row, signs, scores, duals, change, won, loss);
}

SingleDualStep LogisticDualStepOfOne(const DualRow& row, float sign, float score, float dual) {
  const float margin = sign * score, a = 1.0f / (row.cost * row.parts * row.square);
  SingleDualStep result{};
  result.loss = row.cost * (std::max(0.0f, -margin) + std::log1p(std::exp(-std::abs(margin))));
  float moved = 0;
  for (int step = 0; step < kMostNewtonSteps; ++step) {
    const float p = 1.0f / (1.0f + std::exp(std::min(margin + moved, kMostExponent)));
    const float slope = a * moved + dual - p;
    const float down = -slope / (a + p * (1.0f - p)), length = std::abs(down);
    if (step == 0) result.won = -0.5f * row.cost * down * slope;
    moved += length > kFarStep ? down * std::log1p(2.0f * length) / (2.0f * length) : down;
    if (!(length >= kShortStep)) break;
  }
  result.dual = std::clamp(dual + a * moved, 0.0f, 1.0f);
  result.change = sign * row.parts * row.cost * (result.dual - dual);
  return result;
}

SingleDualStep HingeDualStepOfOne(const DualRow& row, float sign, float score, float dual) {
  const float curve = row.cost * row.parts * row.square + 0.5f, shortage = 1.0f - sign * score;
  const float missed = std::max(0.0f, shortage), slope = shortage - dual / 2;
  SingleDualStep result{};
  result.loss = row.cost * missed * missed;
  result.dual = std::max(0.0f, dual + slope / curve);
  const float step = result.dual - dual;
  result.won = std::max(0.0f, row.cost * step * (slope - curve * step / 2));
  result.change = sign * row.parts * row.cost * step;
  return result;
}

}  // namespace winnow
#endif

#include "kernels/adamw.h"

#include <gtest/gtest.h>

#include "kernels/reference/adamw.h"
#include "support/numbers.h"

namespace winnow {
namespace {

AdamWStep StepOf(int t, float weight_decay) {
  return {.lr = 1e-2f,
          .weight_decay = weight_decay,
          .bias_correction1 = static_cast<float>(1 - std::pow(0.9, t)),
          .bias_correction2_sqrt = static_cast<float>(std::sqrt(1 - std::pow(0.999, t))),
          .grad_scale = 0.5f};
}

TEST(AdamW, EqualsTheReferenceForEverySizeOverSteps) {
  for (const size_t n : SweepSizes()) {
    const auto p0 = RandomFloats(n, 1);
    GuardedFloats p(p0), m(n), v(n);
    std::vector<float> rp = p0, rm(n), rv(n);
    for (int t = 1; t <= 5; ++t) {
      const auto g = RandomFloats(n, static_cast<uint64_t>(t));
      const bool none = t == 4;  // a step without a gradient: the moments go on
      AdamWUpdate(StepOf(t, 0.1f), n, p.data(), none ? nullptr : g.data(), m.data(), v.data());
      reference::AdamWUpdate(StepOf(t, 0.1f), n, rp.data(), none ? nullptr : g.data(), rm.data(), rv.data());
    }
    for (size_t i = 0; i < n; ++i) {
      ASSERT_NEAR(p[i], rp[i], 2e-6f * std::max(1.0f, std::abs(rp[i])));
      ASSERT_NEAR(m[i], rm[i], 1e-6f * std::max(1.0f, std::abs(rm[i])));
      ASSERT_NEAR(v[i], rv[i], 1e-6f * std::max(1.0f, std::abs(rv[i])));
    }
    EXPECT_TRUE(p.intact() && m.intact() && v.intact());
  }
}

TEST(AdamW, FirstStepIsTheSignOfTheGradient) {
  // By its formulas: m/bc1 = g and sqrt(v/bc2) = |g|, so that p moves by lr against the sign, whatever the size.
  std::vector<float> p = {1.0f, -2.0f}, g = {1e-3f, -50.0f}, m(2), v(2);
  AdamWStep step = StepOf(1, 0.0f);
  AdamWUpdate(step, 2, p.data(), g.data(), m.data(), v.data());
  EXPECT_NEAR(p[0], 1.0f - 1e-2f, 1e-6);
  EXPECT_NEAR(p[1], -2.0f + 1e-2f, 1e-6);
}

}  // namespace
}  // namespace winnow

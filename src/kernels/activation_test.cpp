#include "kernels/activation.h"

#include <gtest/gtest.h>

#include "kernels/reference/activation.h"
#include "support/numbers.h"

namespace winnow {
namespace {

constexpr Activation kAll[] = {Activation::kIdentity, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu,
                               Activation::kTanh};
// The header's bound for values; slopes multiply the same approximations by x once more.
constexpr double kValueBound = 4e-7;
constexpr double kSlopeBound = 2e-6;

TEST(Activation, ForwardEqualsTheReferenceForEverySize) {
  for (const Activation f : kAll) {
    for (const size_t n : SweepSizes()) {
      const size_t rows = 3;
      const auto x = RandomFloats(rows * n, n, 2.0), bias = RandomFloats(n, n + 1);
      GuardedFloats pre(x), out(rows * n);
      BiasActivation(f, rows, n, pre.data(), bias.data(), out.data());
      for (size_t i = 0; i < rows * n; ++i) {
        const double sum = static_cast<double>(x[i] + bias[i % n]);
        ASSERT_FLOAT_EQ(pre[i], static_cast<float>(sum));
        ASSERT_NEAR(out[i], reference::Activate(f, static_cast<double>(pre[i])),
                    kValueBound * std::max(1.0, std::abs(sum)));
      }
      EXPECT_TRUE(pre.intact() && out.intact()) << n;
    }
  }
}

TEST(Activation, OutMayBeTheInput) {
  const auto x = RandomFloats(100, 1), bias = RandomFloats(50, 2);
  std::vector<float> pre = x, apart(100), together = x;
  BiasActivation(Activation::kGelu, 2, 50, pre.data(), bias.data(), apart.data());
  BiasActivation(Activation::kGelu, 2, 50, together.data(), bias.data(), together.data());
  EXPECT_EQ(apart, together);
}

TEST(Activation, GeluKeepsItsBoundOnAFineGridAndAtExtremes) {
  std::vector<float> x;
  for (int i = -100000; i <= 100000; ++i) x.push_back(static_cast<float>(i) * 1e-4f);
  for (const float big : {20.0f, 100.0f, 1e4f, 1e18f}) {
    x.push_back(big);
    x.push_back(-big);
  }
  std::vector<float> bias(x.size(), 0.0f), out(x.size());
  for (const Activation f : {Activation::kGelu, Activation::kGeluTanh}) {
    std::vector<float> pre = x;
    BiasActivation(f, 1, x.size(), pre.data(), bias.data(), out.data());
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::abs(x[i]) > 1e9f && f == Activation::kGeluTanh) continue;  // its cube is infinite
      const auto exact = static_cast<double>(x[i]);
      ASSERT_NEAR(out[i], reference::Activate(f, exact), kValueBound * std::max(1.0, std::abs(exact))) << x[i];
    }
  }
}

TEST(Activation, BackwardEqualsTheDerivativeAndSumsColumns) {
  for (const Activation f : kAll) {
    for (const size_t n : SweepSizes()) {
      const size_t rows = 4;
      const auto x = RandomFloats(rows * n, n, 2.0), g = RandomFloats(rows * n, n + 7), sums = RandomFloats(n, n + 9);
      GuardedFloats grad(g), out(rows * n), bias_grad(sums);
      BiasActivationBackward(f, rows, n, x.data(), grad.data(), out.data(), bias_grad.data());
      std::vector<double> expected(sums.begin(), sums.end());
      for (size_t i = 0; i < rows * n; ++i) {
        const auto xi = static_cast<double>(x[i]), gi = static_cast<double>(g[i]);
        ASSERT_NEAR(out[i], reference::Activate(f, xi), kValueBound * std::max(1.0, std::abs(xi)));
        const double slope = reference::ActivateDerivative(f, xi);
        ASSERT_NEAR(grad[i], gi * slope, kSlopeBound * std::max(1.0, std::abs(gi * xi)));
        expected[i % n] += gi * slope;
      }
      for (size_t i = 0; i < n; ++i) ASSERT_NEAR(bias_grad[i], expected[i], 1e-5);
      EXPECT_TRUE(grad.intact() && out.intact() && bias_grad.intact()) << n;
    }
  }
}

TEST(GatedActivation, ForwardAndBackwardEqualTheReference) {
  for (const Activation f : kAll) {
    for (const size_t n : SweepSizes()) {
      const size_t rows = 3;
      const auto x = RandomFloats(rows * 2 * n, n, 2.0), g = RandomFloats(rows * n, n + 7);
      GuardedFloats out(rows * n), again(rows * n), grad(rows * 2 * n);
      GatedActivation(f, rows, n, x.data(), out.data());
      GatedActivationBackward(f, rows, n, x.data(), g.data(), again.data(), grad.data());
      for (size_t r = 0; r < rows; ++r) {
        for (size_t i = 0; i < n; ++i) {
          const auto value = static_cast<double>(x[r * 2 * n + i]), gate = static_cast<double>(x[r * 2 * n + n + i]);
          const auto of_out = static_cast<double>(g[r * n + i]);
          const double bound = 4 * kSlopeBound * std::max(1.0, std::abs(value * gate * of_out));
          const double activated = reference::Activate(f, value);
          ASSERT_NEAR(out[r * n + i], activated * gate, bound);
          ASSERT_EQ(out[r * n + i], again[r * n + i]);
          ASSERT_NEAR(grad[r * 2 * n + i], of_out * gate * reference::ActivateDerivative(f, value), bound);
          ASSERT_NEAR(grad[r * 2 * n + n + i], of_out * activated, bound);
        }
      }
      EXPECT_TRUE(out.intact() && again.intact() && grad.intact()) << n;
    }
  }
}

TEST(Activation, TheReferenceDerivativeIsTheFiniteDifference) {
  for (const Activation f : kAll) {
    for (double x = -6; x <= 6; x += 0.173) {
      const double h = 1e-5;
      const double slope = (reference::Activate(f, x + h) - reference::Activate(f, x - h)) / (2 * h);
      EXPECT_NEAR(reference::ActivateDerivative(f, x), slope, 1e-8);
    }
  }
}

}  // namespace
}  // namespace winnow

#include "kernels/layer_norm.h"

#include <gtest/gtest.h>

#include "kernels/reference/layer_norm.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Case {
  size_t n;
  bool bias, residual, dropout;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const size_t n : SweepSizes()) {
    cases.push_back({n, true, true, true});
    cases.push_back({n, n % 2 == 0, n % 3 == 0, n % 5 == 0});
  }
  return cases;
}

constexpr uint64_t kFirstRow = 10;

std::vector<double> Doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }

/// The arguments of a case with `rows` rows, for the kernel and for the reference.
struct Arguments {
  Arguments(const Case& of, size_t rows, float with_epsilon)
      : c(of),
        epsilon(with_epsilon),
        x(RandomFloats(rows * c.n, c.n)),
        bias(RandomFloats(c.n, 1)),
        residual(RandomFloats(rows * c.n, 2)),
        gamma(RandomFloats(c.n, 3)),
        beta(RandomFloats(c.n, 4)) {}

  LayerNormInput Input() const {
    return {.x = x.data(),
            .bias = c.bias ? bias.data() : nullptr,
            .dropout = dropout,
            .first_row = kFirstRow,
            .residual = c.residual ? residual.data() : nullptr};
  }
  LayerNormWeights Weights() const { return {gamma.data(), beta.data(), epsilon}; }
  reference::LayerNorm Reference() const {
    return {.n = c.n,
            .x = Doubles(x),
            .bias = c.bias ? Doubles(bias) : std::vector<double>(),
            .residual = c.residual ? Doubles(residual) : std::vector<double>(),
            .dropout = dropout,
            .first_row = kFirstRow,
            .gamma = Doubles(gamma),
            .beta = Doubles(beta),
            .epsilon = static_cast<double>(epsilon)};
  }

  const Case c;
  const float epsilon;
  const Dropout dropout = c.dropout ? Dropout{.key = 77, .probability = 0.3f} : Dropout{};
  const std::vector<float> x, bias, residual, gamma, beta;
};

TEST(LayerNorm, WithoutBetaIsThatOfABetaOfZeros) {
  for (const size_t n : SweepSizes()) {
    const auto x = RandomFloats(2 * n, n), gamma = RandomFloats(n, 3), g = RandomFloats(2 * n, 4);
    const std::vector<float> zeros(n, 0.0f);
    GuardedFloats out(2 * n), expected(2 * n), normal(2 * n), rstd(2);
    const NormalizedRows kept{normal.data(), rstd.data()};
    AddLayerNorm(2, n, {.x = x.data()}, {gamma.data(), nullptr, 1e-5f}, out.data(), kept);
    AddLayerNorm(2, n, {.x = x.data()}, {gamma.data(), zeros.data(), 1e-5f}, expected.data());
    for (size_t i = 0; i < 2 * n; ++i) ASSERT_EQ(out[i], expected[i]);
    std::vector<float> grad = g, grad_with(g), gamma_grad(n), gamma_with(n), beta_grad(n);
    AddLayerNormBackward(2, n, grad.data(), kept, gamma.data(), {gamma_grad.data()});
    AddLayerNormBackward(2, n, grad_with.data(), kept, gamma.data(), {gamma_with.data(), beta_grad.data()});
    EXPECT_EQ(grad, grad_with);
    EXPECT_EQ(gamma_grad, gamma_with);
  }
}

TEST(LayerNorm, ForwardEqualsTheReferenceForEverySize) {
  constexpr size_t kRows = 3;
  for (const Case& c : Cases()) {
    const Arguments arguments(c, kRows, 1e-5f);
    GuardedFloats out(kRows * c.n), normal(kRows * c.n), rstd(kRows);
    AddLayerNorm(kRows, c.n, arguments.Input(), arguments.Weights(), out.data(), {normal.data(), rstd.data()});
    std::vector<float> in_place = arguments.x;
    LayerNormInput input = arguments.Input();
    input.x = in_place.data();
    AddLayerNorm(kRows, c.n, input, arguments.Weights(), in_place.data());
    const std::vector<double> expected = arguments.Reference().Compute();
    for (size_t r = 0; r < kRows; ++r) {
      // Float's rounding of mean and variance, magnified by 1/deviation, which is large for rows of few elements.
      const double bound = 4e-6 * std::max(1.0, static_cast<double>(rstd[r]));
      for (size_t i = 0; i < c.n; ++i) {
        const size_t at = r * c.n + i;
        ASSERT_NEAR(out[at], expected[at], bound) << c.n;
        ASSERT_EQ(out[at], in_place[at]);
        const float weighted = normal[at] * arguments.gamma[i] + arguments.beta[i];
        ASSERT_NEAR(static_cast<double>(weighted), expected[at], bound);
      }
    }
    EXPECT_TRUE(out.intact() && normal.intact() && rstd.intact()) << c.n;
  }
}

TEST(LayerNorm, BackwardEqualsFiniteDifferencesOfTheReference) {
  constexpr size_t kRows = 2;
  for (const Case& c : Cases()) {
    const size_t n = c.n;
    const Arguments arguments(c, kRows, 1e-3f);  // keeps rows of one or two elements smooth enough to differentiate
    const auto g = RandomFloats(kRows * n, 5);
    GuardedFloats out(kRows * n), normal(kRows * n), rstd(kRows);
    const NormalizedRows kept{normal.data(), rstd.data()};
    AddLayerNorm(kRows, n, arguments.Input(), arguments.Weights(), out.data(), kept);
    GuardedFloats grad(g), x_grad(kRows * n), gamma_grad(n), beta_grad(n), bias_grad(n);
    AddLayerNormBackward(kRows, n, grad.data(), kept, arguments.gamma.data(), {gamma_grad.data(), beta_grad.data()},
                         {.x = x_grad.data(),
                          .bias = c.bias ? bias_grad.data() : nullptr,
                          .dropout = arguments.dropout,
                          .first_row = kFirstRow});

    reference::LayerNorm exact = arguments.Reference();
    const auto objective = [&] {
      const std::vector<double> y = exact.Compute();
      double sum = 0;
      for (size_t i = 0; i < y.size(); ++i) sum += y[i] * static_cast<double>(g[i]);
      return sum;
    };
    const auto slope = [&](double& value) {
      const double before = value, h = 1e-5;
      value = before + h;
      const double above = objective();
      value = before - h;
      const double below = objective();
      value = before;
      return (above - below) / (2 * h);
    };
    // A few elements of each; rounding as in the forward, times the sum over rows.
    const size_t stride = std::max<size_t>(1, n / 7);
    const double largest = static_cast<double>(std::max(rstd[0], rstd[1]));
    const double bound = 3e-5 * std::max(1.0, largest * largest);
    for (size_t i = 0; i < n; i += stride) {
      ASSERT_NEAR(x_grad[i], slope(exact.x[i]), bound) << n;
      if (c.residual) {
        ASSERT_NEAR(grad[n + i], slope(exact.residual[n + i]), bound) << n;
      }
      if (c.bias) {
        ASSERT_NEAR(bias_grad[i], slope(exact.bias[i]), bound) << n;
      }
      ASSERT_NEAR(gamma_grad[i], slope(exact.gamma[i]), bound) << n;
      ASSERT_NEAR(beta_grad[i], slope(exact.beta[i]), bound) << n;
    }
    EXPECT_TRUE(grad.intact() && x_grad.intact() && gamma_grad.intact() && beta_grad.intact() && bias_grad.intact())
        << n;
  }
}

}  // namespace
}  // namespace winnow

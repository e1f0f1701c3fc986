#include "kernels/layer_norm.h"

#include <gtest/gtest.h>

#include "kernels/reference/dropout.h"
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

Dropout DropoutOf(const Case& c) { return c.dropout ? Dropout{.key = 77, .probability = 0.3f} : Dropout{}; }

/// One row in double, by the definition.
std::vector<double> Reference(const Case& c, size_t row, const std::vector<double>& x, const std::vector<double>& bias,
                              const std::vector<double>& residual, const std::vector<double>& gamma,
                              const std::vector<double>& beta, double epsilon) {
  std::vector<double> sum(c.n);
  double mean = 0, variance = 0;
  for (size_t i = 0; i < c.n; ++i) {
    const auto factor = static_cast<double>(reference::DropoutFactor(DropoutOf(c), 10 + row, i));
    sum[i] = (x[i] + (c.bias ? bias[i] : 0)) * factor + (c.residual ? residual[i] : 0);
    mean += sum[i] / static_cast<double>(c.n);
  }
  for (const double s : sum) variance += (s - mean) * (s - mean) / static_cast<double>(c.n);
  for (size_t i = 0; i < c.n; ++i) sum[i] = (sum[i] - mean) / std::sqrt(variance + epsilon) * gamma[i] + beta[i];
  return sum;
}

std::vector<double> Doubles(const float* values, size_t n) { return {values, values + n}; }

TEST(LayerNorm, WithoutBetaIsThatOfABetaOfZeros) {
  for (const size_t n : SweepSizes()) {
    const auto x = RandomFloats(2 * n, n), gamma = RandomFloats(n, 3), g = RandomFloats(2 * n, 4);
    const std::vector<float> zeros(n, 0.0f);
    GuardedFloats out(2 * n), expected(2 * n), normal(2 * n), rstd(2);
    AddLayerNorm(2, n, x.data(), nullptr, {}, 0, nullptr, {gamma.data(), nullptr, 1e-5f}, out.data(), normal.data(),
                 rstd.data());
    AddLayerNorm(2, n, x.data(), nullptr, {}, 0, nullptr, {gamma.data(), zeros.data(), 1e-5f}, expected.data(), nullptr,
                 nullptr);
    for (size_t i = 0; i < 2 * n; ++i) ASSERT_EQ(out[i], expected[i]);
    std::vector<float> grad = g, grad_with(g), gamma_grad(n), gamma_with(n), beta_grad(n);
    AddLayerNormBackward(2, n, grad.data(), normal.data(), rstd.data(), gamma.data(), {}, 0, nullptr, gamma_grad.data(),
                         nullptr, nullptr);
    AddLayerNormBackward(2, n, grad_with.data(), normal.data(), rstd.data(), gamma.data(), {}, 0, nullptr,
                         gamma_with.data(), beta_grad.data(), nullptr);
    EXPECT_EQ(grad, grad_with);
    EXPECT_EQ(gamma_grad, gamma_with);
  }
}

TEST(LayerNorm, ForwardEqualsTheDefinitionForEverySize) {
  constexpr size_t kRows = 3;
  constexpr float kEpsilon = 1e-5f;
  for (const Case& c : Cases()) {
    const auto x = RandomFloats(kRows * c.n, c.n), bias = RandomFloats(c.n, 1), residual = RandomFloats(kRows * c.n, 2);
    const auto gamma = RandomFloats(c.n, 3), beta = RandomFloats(c.n, 4);
    GuardedFloats out(kRows * c.n), normal(kRows * c.n), rstd(kRows);
    AddLayerNorm(kRows, c.n, x.data(), c.bias ? bias.data() : nullptr, DropoutOf(c), 10,
                 c.residual ? residual.data() : nullptr, {gamma.data(), beta.data(), kEpsilon}, out.data(),
                 normal.data(), rstd.data());
    std::vector<float> in_place = x;
    AddLayerNorm(kRows, c.n, in_place.data(), c.bias ? bias.data() : nullptr, DropoutOf(c), 10,
                 c.residual ? residual.data() : nullptr, {gamma.data(), beta.data(), kEpsilon}, in_place.data(),
                 nullptr, nullptr);
    for (size_t r = 0; r < kRows; ++r) {
      const auto expected = Reference(c, r, Doubles(x.data() + r * c.n, c.n), Doubles(bias.data(), c.n),
                                      Doubles(residual.data() + r * c.n, c.n), Doubles(gamma.data(), c.n),
                                      Doubles(beta.data(), c.n), static_cast<double>(kEpsilon));
      // Float's rounding of mean and variance, magnified by 1/deviation, which is large for rows of few elements.
      const double bound = 4e-6 * std::max(1.0, static_cast<double>(rstd[r]));
      for (size_t i = 0; i < c.n; ++i) {
        ASSERT_NEAR(out[r * c.n + i], expected[i], bound) << c.n;
        ASSERT_EQ(out[r * c.n + i], in_place[r * c.n + i]);
        ASSERT_NEAR(static_cast<double>(normal[r * c.n + i] * gamma[i] + beta[i]), expected[i], bound);
      }
    }
    EXPECT_TRUE(out.intact() && normal.intact() && rstd.intact()) << c.n;
  }
}

TEST(LayerNorm, BackwardEqualsFiniteDifferences) {
  constexpr size_t kRows = 2;
  constexpr double kEpsilon = 1e-3;  // keeps rows of one or two elements smooth enough to differentiate
  for (const Case& c : Cases()) {
    const size_t n = c.n;
    const auto x = RandomFloats(kRows * n, n), bias = RandomFloats(n, 1), residual = RandomFloats(kRows * n, 2);
    const auto gamma = RandomFloats(n, 3), beta = RandomFloats(n, 4), g = RandomFloats(kRows * n, 5);
    GuardedFloats out(kRows * n), normal(kRows * n), rstd(kRows);
    AddLayerNorm(kRows, n, x.data(), c.bias ? bias.data() : nullptr, DropoutOf(c), 10,
                 c.residual ? residual.data() : nullptr, {gamma.data(), beta.data(), static_cast<float>(kEpsilon)},
                 out.data(), normal.data(), rstd.data());
    GuardedFloats grad(g), x_grad(kRows * n), gamma_grad(n), beta_grad(n), bias_grad(n);
    AddLayerNormBackward(kRows, n, grad.data(), normal.data(), rstd.data(), gamma.data(), DropoutOf(c), 10,
                         x_grad.data(), gamma_grad.data(), beta_grad.data(), c.bias ? bias_grad.data() : nullptr);

    std::vector<double> dx = Doubles(x.data(), kRows * n), db = Doubles(bias.data(), n),
                        dr = Doubles(residual.data(), kRows * n), dg = Doubles(gamma.data(), n),
                        de = Doubles(beta.data(), n);
    const auto objective = [&] {
      double sum = 0;
      for (size_t r = 0; r < kRows; ++r) {
        const auto row = [&](const std::vector<double>& v) {
          return std::vector<double>(v.begin() + static_cast<std::ptrdiff_t>(r * n),
                                     v.begin() + static_cast<std::ptrdiff_t>((r + 1) * n));
        };
        const auto y = Reference(c, r, row(dx), db, row(dr), dg, de, kEpsilon);
        for (size_t i = 0; i < n; ++i) sum += y[i] * static_cast<double>(g[r * n + i]);
      }
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
      ASSERT_NEAR(x_grad[i], slope(dx[i]), bound) << n;
      if (c.residual) {
        ASSERT_NEAR(grad[n + i], slope(dr[n + i]), bound) << n;
      }
      if (c.bias) {
        ASSERT_NEAR(bias_grad[i], slope(db[i]), bound) << n;
      }
      ASSERT_NEAR(gamma_grad[i], slope(dg[i]), bound) << n;
      ASSERT_NEAR(beta_grad[i], slope(de[i]), bound) << n;
    }
    EXPECT_TRUE(grad.intact() && x_grad.intact() && gamma_grad.intact() && beta_grad.intact() && bias_grad.intact())
        << n;
  }
}

}  // namespace
}  // namespace winnow

#include "decide/out_of_scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace winnow {
namespace {

constexpr float kInfinite = std::numeric_limits<float>::infinity();

float One(ScopeMethod method, std::vector<float> logits, const ScopeShape& shape = {}) {
  float score = 0;
  std::vector<float> scratch;
  ScopeScores(method, logits, logits.size(), shape, {&score, 1}, scratch);
  return score;
}

TEST(OutOfScope, ScoresAreThePapers) {
  const double sum = std::exp(2.0) + std::exp(-1.0) + std::exp(0.5);
  EXPECT_NEAR(One(ScopeMethod::kMaxProbability, {2, -1, 0.5F}), 1 - std::exp(2.0) / sum, 1e-6);
  EXPECT_NEAR(One(ScopeMethod::kEnergy, {2, -1, 0.5F}), -std::log(sum), 1e-6);
}

TEST(OutOfScope, LargeLogitsNeitherOverflowNorLoseTheirOrder) {
  EXPECT_FLOAT_EQ(One(ScopeMethod::kEnergy, {1000, 0}), -1000);
  EXPECT_LT(One(ScopeMethod::kEnergy, {1001, 0}), One(ScopeMethod::kEnergy, {1000, 0}));
  EXPECT_FLOAT_EQ(One(ScopeMethod::kMaxProbability, {-1000, -1000}), 0.5F);
}

TEST(OutOfScope, WhatIsNotANumberIsOutOfScope) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(One(ScopeMethod::kMaxProbability, {nan, 1}), kInfinite);
  EXPECT_EQ(One(ScopeMethod::kEnergy, {1, nan}), kInfinite);
  const ScopeShape shape{.whitening = {1, 0, 0, 1}, .means = {0, 0, 1, 1}};
  EXPECT_EQ(One(ScopeMethod::kDistance, {1, nan}, shape), kInfinite);
}

TEST(OutOfScope, DistanceIsMahalanobisToTheNearestMean) {
  // Label 0 around (0, 0) with deviations (2, 1), label 1 around (10, 10) with the same.
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> logits;
  std::vector<int32_t> truth;
  for (int i = 0; i < 4000; ++i) {
    const float centre = i % 2 == 0 ? 0.0F : 10.0F;
    logits.push_back(centre + 2 * normal(random));
    logits.push_back(centre + normal(random));
    truth.push_back(i % 2);
  }
  const auto shape = FitScopeShape(logits, truth, 2);
  ASSERT_TRUE(shape) << shape.error().Text();
  // The covariance is drawn towards the identity by a hundredth of (4 + 1) / 2.
  EXPECT_NEAR(One(ScopeMethod::kDistance, {2, 0}, *shape), 4 / 4.025, 0.1);
  EXPECT_NEAR(One(ScopeMethod::kDistance, {0, 3}, *shape), 9 / 1.025, 0.6);
  EXPECT_NEAR(One(ScopeMethod::kDistance, {10, 12}, *shape), 4 / 1.025, 0.3);
}

TEST(OutOfScope, CorrelatedLogitsAreWhitened) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> logits;
  for (int i = 0; i < 5000; ++i) {
    const float both = 3 * normal(random);
    logits.push_back(both + 0.5F * normal(random));
    logits.push_back(both + 0.5F * normal(random));
  }
  const auto shape = FitScopeShape(logits, std::vector<int32_t>(5000, 0), 2);
  ASSERT_TRUE(shape) << shape.error().Text();
  // Along the common direction a step is small, across it is large; label 1 has no texts and is never the nearest.
  EXPECT_LT(One(ScopeMethod::kDistance, {3, 3}, *shape), 1.5F);
  EXPECT_GT(One(ScopeMethod::kDistance, {3, -3}, *shape), 20.0F);
  for (float& logit : logits) logit += 100;
  const auto moved = FitScopeShape(logits, std::vector<int32_t>(5000, 0), 2);
  EXPECT_GT(One(ScopeMethod::kDistance, {0, 0}, *moved), 500.0F) << "label 1 has no mean";
}

/// d^T S^-1 d, by Gaussian elimination. S is positive definite.
double Mahalanobis(std::vector<std::vector<double>> s, const std::vector<double>& d) {
  std::vector<double> x = d;
  const size_t n = d.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t row = i + 1; row < n; ++row) {
      const double factor = s[row][i] / s[i][i];
      for (size_t k = i; k < n; ++k) s[row][k] -= factor * s[i][k];
      x[row] -= factor * x[i];
    }
  }
  double sum = 0;
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) x[i] -= s[i][k] * x[k];
    x[i] /= s[i][i];
    sum += d[i] * x[i];
  }
  return sum;
}

TEST(OutOfScope, DistanceIsMahalanobisForManyLabelsToo) {
  constexpr size_t kLabels = 4, kTexts = 400;
  constexpr double kMixing[kLabels][kLabels] = {
      {2, 0.3, -1, 0.2}, {0.5, 1, 0.7, -0.4}, {-0.2, 1.5, 0.8, 0}, {1, 0, 0.3, 1.2}};
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  std::vector<float> logits;
  std::vector<int32_t> truth;
  for (size_t t = 0; t < kTexts; ++t) {
    truth.push_back(static_cast<int32_t>(t % kLabels));
    double noise[kLabels];
    for (double& each : noise) each = normal(random);
    for (size_t k = 0; k < kLabels; ++k) {
      double logit = k == t % kLabels ? 5 : 0;
      for (size_t i = 0; i < kLabels; ++i) logit += kMixing[k][i] * noise[i];
      logits.push_back(static_cast<float>(logit));
    }
  }
  std::vector<std::vector<double>> means(kLabels, std::vector<double>(kLabels)), covariance = means;
  for (size_t t = 0; t < kTexts; ++t) {
    for (size_t k = 0; k < kLabels; ++k)
      means[t % kLabels][k] += static_cast<double>(logits[t * kLabels + k]) * kLabels / kTexts;
  }
  double trace = 0;
  for (size_t i = 0; i < kLabels; ++i) {
    for (size_t k = 0; k < kLabels; ++k) {
      for (size_t t = 0; t < kTexts; ++t) {
        const std::vector<double>& mean = means[t % kLabels];
        covariance[i][k] += (static_cast<double>(logits[t * kLabels + i]) - mean[i]) *
                            (static_cast<double>(logits[t * kLabels + k]) - mean[k]) / kTexts;
      }
    }
    trace += covariance[i][i];
  }
  for (size_t i = 0; i < kLabels; ++i) covariance[i][i] += 0.01 * trace / kLabels;
  const auto shape = FitScopeShape(logits, truth, kLabels);
  ASSERT_TRUE(shape) << shape.error().Text();
  for (int probe = 0; probe < 50; ++probe) {
    std::vector<float> row(kLabels);
    for (float& logit : row) logit = static_cast<float>(4 * normal(random));
    double nearest = INFINITY;
    for (const std::vector<double>& mean : means) {
      std::vector<double> difference(kLabels);
      for (size_t k = 0; k < kLabels; ++k) difference[k] = static_cast<double>(row[k]) - mean[k];
      nearest = std::min(nearest, Mahalanobis(covariance, difference));
    }
    EXPECT_NEAR(One(ScopeMethod::kDistance, row, *shape), nearest, 1e-4 * nearest + 1e-5);
  }
}

TEST(OutOfScope, TextsThatDoNotVaryHaveAShapeToo) {
  const auto shape = FitScopeShape(std::vector<float>{1, 0, 1, 0, 0, 1, 0, 1}, std::vector<int32_t>{0, 0, 1, 1}, 2);
  ASSERT_TRUE(shape) << shape.error().Text();
  EXPECT_FLOAT_EQ(One(ScopeMethod::kDistance, {1, 0}, *shape), 0);
  EXPECT_GT(One(ScopeMethod::kDistance, {5, 5}, *shape), 1);
}

TEST(OutOfScope, ShapesOfTooFewOrBadTextsAreRefused) {
  const std::vector<int32_t> truth = {0, 1, 0};
  EXPECT_EQ(FitScopeShape(std::vector<float>(6), truth, 2).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(FitScopeShape(std::vector<float>(5), truth, 2).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FitScopeShape(std::vector<float>(3), std::vector<int32_t>{0, 0, 1}, 1).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(FitScopeShape(std::vector<float>{0, kInfinite}, std::vector<int32_t>{0, 0}, 1).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(OutOfScope, AurocCountsPairsAndHalvesTies) {
  EXPECT_EQ(ScopeAuroc(std::vector<float>{1, 2}, std::vector<float>{3, 4}), 1.0);
  EXPECT_EQ(ScopeAuroc(std::vector<float>{3}, std::vector<float>{1}), 0.0);
  EXPECT_EQ(ScopeAuroc(std::vector<float>{1, 2}, std::vector<float>{2, 0}), 0.375);
  EXPECT_EQ(ScopeAuroc(std::vector<float>{3, 1, 2}, std::vector<float>{1.5F, 4}), 4.0 / 6);
  EXPECT_EQ(ScopeAuroc({}, std::vector<float>{2}), std::nullopt);
}

TEST(OutOfScope, MethodsHaveNames) {
  for (const ScopeMethod method : {ScopeMethod::kMaxProbability, ScopeMethod::kEnergy, ScopeMethod::kDistance}) {
    EXPECT_EQ(ParseScopeMethod(NameOf(method)).value(), method);
  }
  EXPECT_THAT(ParseScopeMethod("odin").error().hint, testing::HasSubstr("energy"));
}

}  // namespace
}  // namespace winnow

#include "linear/platt.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

TEST(FitPlattScale, FindsTheSigmoidThatMadeTheLabels) {
  Random random(1);
  std::vector<float> scores;
  std::vector<char> positive;
  for (int i = 0; i < 200'000; ++i) {
    const double score = random.Normal() * 2;
    scores.push_back(static_cast<float>(score));
    positive.push_back(random.Uniform() < 1 / (1 + std::exp(-1.7 * score + 0.4)));
  }
  const PlattScale scale = FitPlattScale(scores, positive, {});
  EXPECT_NEAR(scale.a, -1.7, 0.03);
  EXPECT_NEAR(scale.b, 0.4, 0.03);
}

TEST(FitPlattScale, EqualsScikitLearnsSigmoidCalibration) {
  // sklearn.calibration._SigmoidCalibration().fit(scores, y), 1.9.1.
  const std::vector<float> scores = {-2, -1.5f, -1, -0.5f, -0.25f, 0, 0.25f, 0.5f, 1, 1.5f, 2, 3};
  const std::vector<char> positive = {0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1};
  const PlattScale scale = FitPlattScale(scores, positive, {});
  EXPECT_NEAR(scale.a, -0.965978, 1e-3);
  EXPECT_NEAR(scale.b, 0.204105, 1e-3);
}

TEST(FitPlattScale, OneAnswerOnlyGivesItsShare) {
  const std::vector<float> scores = {-1, 0, 2};
  const PlattScale always = FitPlattScale(scores, std::vector<char>{1, 1, 1}, {});
  EXPECT_EQ(always.a, 0.0f);
  EXPECT_NEAR(1 / (1 + std::exp(always.b)), 0.8, 1e-6);  // (3 + 1) / (3 + 2)
  const PlattScale never = FitPlattScale(scores, std::vector<char>{0, 0, 0}, {});
  EXPECT_NEAR(1 / (1 + std::exp(never.b)), 0.2, 1e-6);
  EXPECT_EQ(FitPlattScale({}, {}, {}).b, 0.0f);
}

TEST(FitPlattScale, NeverReversesTheOrderOfTheScores) {
  // Scores that are lower where the label is, that say nothing, and that are all equal.
  const std::vector<char> positive = {1, 0, 1, 0, 1, 0, 0, 0};
  const std::vector<float> reversed = {-0.2f, 0.3f, -0.1f, 0.2f, -0.4f, 0.1f, 0.3f, 0.2f};
  const std::vector<float> useless = {1, 1, -1, -1, 0, 0, 0.5f, -0.5f};
  const std::vector<float> equal(positive.size(), 0.25f);
  for (const std::vector<float>& scores : {reversed, useless, equal}) {
    const PlattScale scale = FitPlattScale(scores, positive, {});
    EXPECT_EQ(scale.a, -1.0f);
    double sum = 0;
    for (const float score : scores) {
      sum +=
          1 / (1 + std::exp(static_cast<double>(scale.a) * static_cast<double>(score) + static_cast<double>(scale.b)));
    }
    EXPECT_NEAR(sum, 3 * (4.0 / 5) + 5 * (1.0 / 7), 1e-4) << "the sum of the targets";
  }
}

TEST(FitPlattScale, TwoTextsAreNotTurnedRound) {
  // Leave-one-out scores of two texts with one label each: the model of the other text always says the other label.
  const PlattScale scale = FitPlattScale(std::vector<float>{0.5f, -0.5f}, std::vector<char>{0, 1}, {});
  EXPECT_EQ(scale.a, -1.0f);
  EXPECT_NEAR(scale.b, 0.0f, 1e-6);
}

TEST(FitPlattScale, StaysFiniteForScoresThatSeparateAndForHugeOnes) {
  for (const float size : {1e-6f, 1.0f, 1e6f}) {
    std::vector<float> scores;
    std::vector<char> positive;
    for (int i = 0; i < 100; ++i) {
      scores.push_back((i < 50 ? -1.0f : 1.0f) * size);
      positive.push_back(i >= 50);
    }
    const PlattScale scale = FitPlattScale(scores, positive, {});
    EXPECT_TRUE(std::isfinite(scale.a) && std::isfinite(scale.b));
    EXPECT_LT(1 / (1 + std::exp(-scale.a * size + scale.b)), 0.5f) << size;
    EXPECT_GT(1 / (1 + std::exp(scale.a * size + scale.b)), 0.5f) << size;
  }
}

struct ScoredRows {
  SparseRows rows;
  std::vector<std::vector<int32_t>> truth;
};

/// One feature says the label, most of the time; others say nothing.
ScoredRows ScoredRowsOf(size_t n, int32_t labels) {
  Random random(3);
  ScoredRows data;
  data.rows.num_columns = 50;
  for (size_t i = 0; i < n; ++i) {
    const auto label = static_cast<int32_t>(random.Below(static_cast<uint32_t>(labels)));
    const int32_t said =
        random.Below(4) == 0 ? static_cast<int32_t>(random.Below(static_cast<uint32_t>(labels))) : label;
    data.rows.columns.push_back(said);
    data.rows.columns.push_back(20 + static_cast<int32_t>(random.Below(30)));
    data.rows.values.push_back(0.8f), data.rows.values.push_back(0.6f);
    data.rows.begins.push_back(data.rows.columns.size());
    data.truth.push_back({label});
  }
  return data;
}

/// Rows with a feature of their own each: nothing that one of them shows is in another.
TEST(FitPlatt, ModelsOfRowsWithNothingInCommonKeepTheirDirection) {
  ScoredRows data;
  data.rows.num_columns = 24;
  for (int32_t i = 0; i < 24; ++i) {
    data.rows.columns.push_back(i);
    data.rows.values.push_back(1);
    data.rows.begins.push_back(data.rows.columns.size());
    data.truth.push_back({i % 2});
  }
  ThreadPool pool(1);
  for (const LinearKind kind : {LinearKind::kLogistic, LinearKind::kSvm}) {
    const SolverOptions options{.kind = kind, .C = 10};
    const auto scales = FitPlatt(data.rows, {.ids = data.truth, .labels = 2}, options, 42, pool);
    ASSERT_TRUE(scales.has_value());
    EXPECT_EQ(scales->front().a, -1.0f);
    EXPECT_NEAR(scales->front().b, 0, 0.1) << "both labels have twelve rows";
  }
}

TEST(FitPlatt, ThreadsFindTheSharesOfUnseenRows) {
  for (const int32_t labels : {2, 3}) {
    const ScoredRows data = ScoredRowsOf(3000, labels);
    ThreadPool pool(2);
    SolverOptions options;
    options.kind = LinearKind::kSvm;
    const auto count = static_cast<size_t>(labels);
    const auto scales = FitPlatt(data.rows, {.ids = data.truth, .labels = count}, options, 42, pool);
    ASSERT_TRUE(scales.has_value());
    ASSERT_EQ(scales->size(), labels == 2 ? 1u : 3u);
    const auto weights = FitLinear(data.rows, {.ids = data.truth, .labels = count}, options, pool);
    double sum = 0, share = 0;
    for (size_t row = 0; row < data.truth.size(); ++row) {
      float score = weights->bias.back();
      for (size_t e = data.rows.begins[row]; e < data.rows.begins[row + 1]; ++e) {
        const size_t f = static_cast<size_t>(data.rows.columns[e]);
        score += data.rows.values[e] * weights->weights[f * weights->outputs + weights->outputs - 1];
      }
      sum += 1 / (1 + std::exp(static_cast<double>(scales->back().a * score + scales->back().b)));
      share += data.truth[row][0] == labels - 1;
    }
    EXPECT_NEAR(sum / share, 1.0, 0.02);
    const auto again = FitPlatt(data.rows, {.ids = data.truth, .labels = count}, options, 42, pool);
    for (size_t k = 0; k < scales->size(); ++k) {
      EXPECT_EQ((*scales)[k].a, (*again)[k].a);
      EXPECT_EQ((*scales)[k].b, (*again)[k].b);
      EXPECT_LT((*scales)[k].a, 0.0f);
    }
  }
}

TEST(FitPlatt, WeightsOfRowsDoNotShiftTheProbabilities) {
  ScoredRows data = ScoredRowsOf(4000, 2);
  // One row in ten with the second label stays: balanced weights make these ten times as heavy as the others.
  ScoredRows rare;
  rare.rows.num_columns = data.rows.num_columns;
  size_t seen = 0;
  for (size_t row = 0; row < data.truth.size(); ++row) {
    if (data.truth[row][0] == 1 && seen++ % 10 != 0) continue;
    const auto columns = data.rows.columns_of(row);
    const auto values = data.rows.values_of(row);
    rare.rows.columns.insert(rare.rows.columns.end(), columns.begin(), columns.end());
    rare.rows.values.insert(rare.rows.values.end(), values.begin(), values.end());
    rare.rows.begins.push_back(rare.rows.columns.size());
    rare.truth.push_back(data.truth[row]);
  }
  ThreadPool pool(1);
  SolverOptions options;
  for (const auto& truth : rare.truth) options.row_weights.push_back(truth[0] == 1 ? 5.5f : 0.55f);
  const auto scales = FitPlatt(rare.rows, {.ids = rare.truth, .labels = 2}, options, 42, pool);
  ASSERT_TRUE(scales.has_value());
  const auto weights = FitLinear(rare.rows, {.ids = rare.truth, .labels = 2}, options, pool);
  double sum = 0, share = 0;
  for (size_t row = 0; row < rare.truth.size(); ++row) {
    float score = weights->bias.back();
    const auto columns = rare.rows.columns_of(row);
    const auto values = rare.rows.values_of(row);
    for (size_t e = 0; e < columns.size(); ++e) score += values[e] * weights->weights[static_cast<size_t>(columns[e])];
    sum += 1 / (1 + std::exp(static_cast<double>(scales->back().a * score + scales->back().b)));
    share += rare.truth[row][0] == 1;
  }
  EXPECT_NEAR(sum / share, 1.0, 0.05);
}

TEST(FitPlatt, TakesFewRowsManyLabelsAndLabelsThatNobodyHas) {
  ThreadPool pool(1);
  SolverOptions options;
  options.kind = LinearKind::kSvm;
  for (const size_t n : {1, 2, 3, 7}) {
    ScoredRows data = ScoredRowsOf(n, 3);
    options.row_weights.assign(n, 1.0f);
    const auto scales = FitPlatt(data.rows, {.ids = data.truth, .labels = 5}, options, 42, pool);
    ASSERT_TRUE(scales.has_value()) << n;
    ASSERT_EQ(scales->size(), 5u);
    for (const PlattScale& scale : *scales) EXPECT_TRUE(std::isfinite(scale.a) && std::isfinite(scale.b));
    EXPECT_LT(1 / (1 + std::exp((*scales)[4].b)), 0.4f);
    data.truth[0] = {0, 2};
    EXPECT_TRUE(
        FitPlatt(data.rows, {.ids = data.truth, .labels = 3, .multi_label = true}, options, 42, pool).has_value());
    EXPECT_FALSE(FitPlatt(data.rows, {.ids = data.truth, .labels = 3}, options, 42, pool).has_value());
  }
  EXPECT_FALSE(FitPlatt({}, {.ids = {}, .labels = 3}, options, 42, pool).has_value());
}

}  // namespace
}  // namespace winnow

#include "evaluate/intervals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace winnow {
namespace {

// SciPy 1.17.1: binomtest(k, n).proportion_ci(method='wilson')
TEST(WilsonInterval, EqualsSciPy) {
  const auto expect = [](int64_t k, int64_t n, double low, double high) {
    const auto interval = WilsonInterval(k, n);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, low, 1e-14) << k << " of " << n;
    EXPECT_NEAR(interval->high, high, 1e-14) << k << " of " << n;
  };
  expect(0, 10, 0.0, 0.27753279986288926);
  expect(10, 10, 0.7224672001371109, 1.0);
  expect(1, 1, 0.20654931437723745, 1.0);
  expect(5, 10, 0.236593090512564, 0.7634069094874361);
  expect(997, 1000, 0.9912169859464968, 0.9989792161188613);
  expect(1, 3, 0.06149194472039626, 0.7923403991979523);
}

TEST(WilsonInterval, HoldsTheShareAndStaysWithinZeroAndOne) {
  for (int64_t n = 1; n <= 60; ++n) {
    for (int64_t k = 0; k <= n; ++k) {
      const auto interval = WilsonInterval(k, n);
      const double share = static_cast<double>(k) / static_cast<double>(n);
      EXPECT_LE(0.0, interval->low);
      EXPECT_LE(interval->low, share);
      EXPECT_LE(share, interval->high);
      EXPECT_LE(interval->high, 1.0);
    }
  }
}

TEST(WilsonInterval, IsNoneWhereCountsMakeNoSense) {
  EXPECT_FALSE(WilsonInterval(0, 0));
  EXPECT_FALSE(WilsonInterval(3, 2));
  EXPECT_FALSE(WilsonInterval(-1, 2));
}

TEST(MacroF1, CountsAbsentLabelsOnlyWhenAsked) {
  const std::array<LabelCounts, 2> counts = {LabelCounts{3, 1, 1}, LabelCounts{}};
  EXPECT_EQ(MacroF1(counts, false), 0.75);
  EXPECT_EQ(MacroF1(counts, true), 0.375);
  EXPECT_EQ(MacroF1({}, false), 0.0);
}

TEST(Outcomes, CountsWhatEachTextContributes) {
  Outcomes outcomes(3);
  outcomes.Add(std::array{0, 2}, std::array{1, 2});
  outcomes.Add(std::array{1}, std::array{1});
  outcomes.Add(std::array{0, 2}, std::array{1, 2});
  outcomes.Add({}, {});
  EXPECT_EQ(outcomes.texts(), 4u);
  EXPECT_THAT(outcomes.Counts(),
              testing::ElementsAre(LabelCounts{0, 0, 2}, LabelCounts{1, 2, 0}, LabelCounts{2, 0, 0}));
}

TEST(Outcomes, BootstrapsTheSameIntervalEachTime) {
  Outcomes outcomes(2);
  for (int i = 0; i < 100; ++i) outcomes.Add(std::array{i % 2}, std::array{i % 7 == 0 ? 1 - i % 2 : i % 2});
  const auto interval = outcomes.BootstrapMacroF1(false, 1000, 42);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval, outcomes.BootstrapMacroF1(false, 1000, 42));
  EXPECT_NE(interval, outcomes.BootstrapMacroF1(false, 1000, 43));
  const double f1 = MacroF1(outcomes.Counts(), false);
  EXPECT_LT(interval->low, f1);
  EXPECT_GT(interval->high, f1);
  EXPECT_NEAR(interval->high - interval->low, 0.137, 0.02);  // 2 * 1.96 * sqrt(.85 * .15 / 100)
}

// 10 of 77 labels occur, each with 40 texts, of which 6 are decided for labels that do not occur: the macro-F1 of all
// texts counts these labels as 0. Were they left out of resamples that do not draw them, the interval would begin above
// the macro-F1.
TEST(Outcomes, BootstrapCountsLabelsThatAreOnlyDecided) {
  Outcomes outcomes(77);
  for (int text = 0; text < 400; ++text) {
    const int label = text % 10;
    outcomes.Add(std::array{label}, std::array{text < 340 ? label : text - 330});
  }
  const double f1 = MacroF1(outcomes.Counts(), false);
  EXPECT_NEAR(f1, 10 * (68.0 / 74) / 70, 1e-12);
  const auto interval = outcomes.BootstrapMacroF1(false, 1000, 42);
  ASSERT_TRUE(interval);
  EXPECT_LT(interval->low, f1);
  EXPECT_GT(interval->high, f1);
}

TEST(MacroF1OfResample, LeavesOutLabelsThatTheResampleLost) {
  const std::array<LabelCounts, 3> all = {LabelCounts{3, 1, 1}, LabelCounts{0, 0, 2}, LabelCounts{0, 1, 0}};
  const std::array<LabelCounts, 3> resample = {LabelCounts{3, 1, 1}, LabelCounts{}, LabelCounts{}};
  EXPECT_EQ(MacroF1OfResample(resample, all, false), 0.375);  // the first label, and the third as 0
  EXPECT_EQ(MacroF1OfResample(resample, all, true), 0.25);
}

TEST(Outcomes, HaveNoIntervalWithoutTextsOrResamples) {
  Outcomes outcomes(2);
  EXPECT_FALSE(outcomes.BootstrapMacroF1(false, 1000, 42));
  outcomes.Add(std::array{0}, std::array{0});
  EXPECT_FALSE(outcomes.BootstrapMacroF1(false, 0, 42));
  EXPECT_EQ(outcomes.BootstrapMacroF1(false, 10, 42), (Interval{1.0, 1.0}));
}

}  // namespace
}  // namespace winnow

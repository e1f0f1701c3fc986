#include "evaluate/intervals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

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

/// Decides for `labels` labels of equal shares: rightly with probability .8, or else for any label.
Outcomes Simulated(uint32_t labels, int texts, uint64_t seed) {
  Random random(seed, "simulated decisions");
  Outcomes outcomes(labels);
  for (int text = 0; text < texts; ++text) {
    const auto label = static_cast<int32_t>(random.Below(labels));
    const auto other = static_cast<int32_t>(random.Below(labels));
    outcomes.Add(std::array{label}, std::array{random.Uniform() < .8 ? label : other});
  }
  return outcomes;
}

/// Returns the number of intervals, of 100, that contain the macro-F1 of all texts.
int Coverage(uint32_t labels, int texts) {
  const double all = .8 + .2 / labels;  // precision and recall of each label
  int contained = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto interval = Simulated(labels, texts, seed).BootstrapMacroF1(false, 200, seed);
    contained += interval && interval->low <= all && all <= interval->high ? 1 : 0;
  }
  return contained;
}

// The percentiles of the draws alone contain it about 22 times with 150 texts, and 67 times with 600.
TEST(Outcomes, IntervalsContainTheMacroF1OfAllTexts) {
  EXPECT_GE(Coverage(77, 40), 90);
  EXPECT_GE(Coverage(77, 80), 90);
  EXPECT_GE(Coverage(77, 150), 90);
  EXPECT_GE(Coverage(77, 300), 90);
  EXPECT_GE(Coverage(77, 600), 90);
  EXPECT_GE(Coverage(2, 100), 90);
}

// Of a few texts without errors nobody knows that there are none among all texts.
TEST(Outcomes, IntervalsHaveAWidthWhereAllTextsAreRight) {
  Outcomes outcomes(2);
  for (int text = 0; text < 50; ++text) outcomes.Add(std::array{text % 2}, std::array{text % 2});
  const auto interval = outcomes.BootstrapMacroF1(false, 100, 42);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, WilsonInterval(50, 50)->low, 1e-12);
  EXPECT_EQ(interval->high, 1);
  Outcomes none(2);
  none.Add(std::array<int32_t, 0>{}, std::array<int32_t, 0>{});
  EXPECT_EQ(none.BootstrapMacroF1(true, 100, 42), (Interval{0, 1})) << "a text without labels says nothing about F1";
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
  EXPECT_NEAR(outcomes.BootstrapMacroF1(false, 10, 42)->low, WilsonInterval(1, 1)->low, 1e-12);
}

}  // namespace
}  // namespace winnow

#include "drift/estimated_performance.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace winnow {
namespace {

void AddText(double spam, bool decided_spam, ObservedTexts& texts) {
  texts.probabilities.insert(texts.probabilities.end(), {static_cast<float>(1 - spam), static_cast<float>(spam)});
  texts.decided.push_back({decided_spam ? 1 : 0});
}

constexpr LabelKind kBinary{.labels = 2, .positive_label = 1};

TEST(EstimatePerformance, ExpectedRatesAreSumsOfProbabilities) {
  ObservedTexts texts;
  AddText(.9, true, texts);
  AddText(.2, false, texts);
  AddText(.4, false, texts);
  const EstimatedPerformance estimated = EstimatePerformance(texts, kBinary);
  EXPECT_NEAR(estimated.accuracy.value, (.9 + .8 + .6) / 3, 1e-6);
  EXPECT_NEAR(estimated.positives->value, 1.5 / 3, 1e-6);
  EXPECT_NEAR(estimated.false_positive_rate->value, .1 / (.1 + .8 + .6), 1e-6);
  EXPECT_NEAR(estimated.false_negative_rate->value, .6 / 1.5, 1e-6);
}

/// Of calibrated probabilities, the estimates meet the rates that the labels show, within their intervals.
TEST(EstimatePerformance, MeetsTheMeasuredRatesOfACalibratedModel) {
  int within = 0;
  constexpr int kRuns = 60;
  for (int run = 0; run < kRuns; ++run) {
    Random random(static_cast<uint64_t>(run), "simulated model");
    ObservedTexts texts;
    double right = 0;
    constexpr int kTexts = 400;
    for (int t = 0; t < kTexts; ++t) {
      const double spam = random.Uniform();
      AddText(spam, spam >= .6, texts);
      const bool is_spam = random.Uniform() < spam;
      right += is_spam == (spam >= .6) ? 1 : 0;
    }
    const EstimatedValue accuracy = EstimatePerformance(texts, kBinary).accuracy;
    EXPECT_NEAR(accuracy.value, right / kTexts, .09);
    within += right / kTexts >= accuracy.interval.low && right / kTexts <= accuracy.interval.high ? 1 : 0;
  }
  EXPECT_GE(within, 52)
      << "of 60 intervals of 95 %, 57 contain the rate on average; fewer than 52 by a chance of 1 in 100";
}

TEST(EstimatePerformance, AModelWithoutAPositiveLabelHasAnAccuracyOnly) {
  ObservedTexts texts;
  texts.probabilities = {.5F, .3F, .2F, .1F, .1F, .8F};
  texts.decided = {{0}, {2}};
  const EstimatedPerformance estimated = EstimatePerformance(texts, {.labels = 3});
  EXPECT_NEAR(estimated.accuracy.value, .65, 1e-6);
  EXPECT_FALSE(estimated.false_positive_rate);
  EXPECT_FALSE(estimated.positives);
}

TEST(EstimatePerformance, OfSeveralLabelsTheDecidedOneIsRightAsOftenAsItsProbabilitySays) {
  ObservedTexts texts;
  for (int t = 0; t < 300; ++t) {
    texts.probabilities.insert(texts.probabilities.end(), {.2F, .5F, .3F});
    texts.decided.push_back({1});
  }
  const EstimatedPerformance estimated = EstimatePerformance(texts, {.labels = 3, .positive_label = 0});
  EXPECT_NEAR(estimated.accuracy.value, .5, 1e-6);
  EXPECT_NEAR((estimated.accuracy.interval.low + estimated.accuracy.interval.high) / 2, .5, .02);
  EXPECT_NEAR((estimated.positives->interval.low + estimated.positives->interval.high) / 2, .2, .02);
  EXPECT_NEAR(estimated.false_negative_rate->value, 1, 1e-6);
}

TEST(EstimatePerformance, OfMultiLabelModelsEachPairOfTextAndLabelCounts) {
  ObservedTexts texts;
  texts.probabilities = {.9F, .1F, .6F, .7F};
  texts.decided = {{0}, {}};
  const EstimatedPerformance estimated =
      EstimatePerformance(texts, {.labels = 2, .positive_label = 1, .multi_label = true});
  EXPECT_NEAR(estimated.accuracy.value, (.9 + .9 + .4 + .3) / 4, 1e-6);
  EXPECT_NEAR(estimated.false_negative_rate->value, 1, 1e-6);
}

}  // namespace
}  // namespace winnow

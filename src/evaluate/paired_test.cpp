#include "evaluate/paired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

DecidedTexts Texts(std::vector<int32_t> truth, std::vector<int32_t> decided, std::vector<float> confidence = {}) {
  DecidedTexts texts{.labels = 2, .positive_label = 1, .truth = {}, .decided = {}, .confidence = std::move(confidence)};
  for (const int32_t label : truth) texts.truth.push_back({label});
  for (const int32_t label : decided) texts.decided.push_back({label});
  texts.confidence.resize(truth.size(), .9F);
  return texts;
}

const PairedMetric& Named(const PairedComparison& comparison, std::string_view name) {
  return *std::ranges::find(comparison.metrics, name, &PairedMetric::name);
}

TEST(Paired, CountsWhatOneAloneGotRight) {
  const std::vector<int32_t> truth = {0, 0, 0, 0, 1, 1, 1, 1};
  const PairedComparison comparison =
      ComparePaired(Texts(truth, {0, 0, 1, 1, 1, 1, 0, 0}, {.9F, .9F, .6F, .9F, .9F, .9F, .8F, .7F}),
                    Texts(truth, {0, 0, 0, 1, 1, 0, 1, 1}, {.9F, .9F, .9F, .9F, .9F, .99F, .9F, .9F}));
  EXPECT_EQ(comparison.both_right, 3);
  EXPECT_EQ(comparison.both_wrong, 1);
  EXPECT_EQ(comparison.test.only_first, 1);
  EXPECT_EQ(comparison.test.only_second, 3);
  EXPECT_DOUBLE_EQ(comparison.test.p_value, 0.625);                     // 2 * (1 + 4) / 16
  EXPECT_THAT(comparison.differing, testing::ElementsAre(5, 6, 7, 2));  // the surest mistake first
  EXPECT_DOUBLE_EQ(Named(comparison, "accuracy").first, 0.5);
  EXPECT_DOUBLE_EQ(Named(comparison, "accuracy").second, 0.75);
  EXPECT_DOUBLE_EQ(Named(comparison, "fpr").first, 0.5);
  EXPECT_DOUBLE_EQ(Named(comparison, "fpr").second, 0.25);
  EXPECT_DOUBLE_EQ(Named(comparison, "recall").second, 0.75);
}

TEST(Paired, IntervalsHoldTheDifferenceAndAreTheSameAgain) {
  std::vector<int32_t> truth, first, second;
  for (int i = 0; i < 400; ++i) {
    truth.push_back(i % 2);
    first.push_back(i % 5 == 0 ? 1 - i % 2 : i % 2);
    second.push_back(i % 20 == 0 ? 1 - i % 2 : i % 2);
  }
  const PairedComparison comparison = ComparePaired(Texts(truth, first), Texts(truth, second));
  const Interval difference = Named(comparison, "accuracy").difference.value();
  EXPECT_LT(difference.low, 0.15);
  EXPECT_GT(difference.high, 0.15);
  // The normal approximation of paired proportions: .15 +- 1.96 * sqrt(.15 - .15^2) / 20
  EXPECT_NEAR(difference.low, 0.115, 0.006);
  EXPECT_NEAR(difference.high, 0.185, 0.006);
  EXPECT_EQ(difference, *Named(ComparePaired(Texts(truth, first), Texts(truth, second)), "accuracy").difference);
  EXPECT_THAT(VerdictOf(comparison, "one", "two"), testing::HasSubstr("two is significantly better"));
}

TEST(Paired, OfAModelWithItselfFindsNothing) {
  const PairedComparison comparison = ComparePaired(Texts({0, 1, 1}, {0, 1, 0}), Texts({0, 1, 1}, {0, 1, 0}));
  EXPECT_EQ(comparison.test.p_value, 1);
  EXPECT_TRUE(comparison.differing.empty());
  for (const PairedMetric& metric : comparison.metrics) EXPECT_EQ(metric.difference, (Interval{0, 0}));
  EXPECT_THAT(VerdictOf(comparison, "one", "two"), testing::HasSubstr("not significant"));
}

// The second model decides for labels that do not occur: its macro-F1 is .131, and the difference -.869.
TEST(Paired, IntervalOfTheMacroF1CountsLabelsThatAreOnlyDecided) {
  DecidedTexts first{.labels = 77, .truth = {}, .decided = {}};
  DecidedTexts second{.labels = 77, .truth = {}, .decided = {}};
  for (int text = 0; text < 400; ++text) {
    const int label = text % 10;
    for (DecidedTexts* model : {&first, &second}) model->truth.push_back({label});
    first.decided.push_back({label});
    second.decided.push_back({text < 340 ? label : text - 330});
  }
  first.confidence = second.confidence = std::vector<float>(400, .9F);
  const PairedComparison comparison = ComparePaired(first, second);
  const PairedMetric& f1 = Named(comparison, "f1_macro");
  EXPECT_LT(f1.difference->low, f1.second - f1.first);
  EXPECT_GT(f1.difference->high, f1.second - f1.first);
}

TEST(Paired, ComparesWholeSetsOfLabels) {
  DecidedTexts first{.labels = 3, .multi_label = true, .truth = {{0, 2}, {}, {1}}, .decided = {{0, 2}, {1}, {1}}};
  DecidedTexts second = first;
  second.decided = {{0}, {}, {1}};
  first.confidence = second.confidence = {.5F, .5F, .5F};
  const PairedComparison comparison = ComparePaired(first, second);
  EXPECT_EQ(comparison.test.only_first, 1);
  EXPECT_EQ(comparison.test.only_second, 1);
  EXPECT_EQ(comparison.metrics.size(), 2U);  // no positive label: no fpr
}

}  // namespace
}  // namespace winnow

#include "evaluate/paired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "evaluate/quantile.h"

namespace winnow {
namespace {

DecidedTexts TextsOf(std::vector<int32_t> truth, std::vector<int32_t> decided, std::vector<float> confidence = {}) {
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
      ComparePaired(TextsOf(truth, {0, 0, 1, 1, 1, 1, 0, 0}, {.9F, .9F, .6F, .9F, .9F, .9F, .8F, .7F}),
                    TextsOf(truth, {0, 0, 0, 1, 1, 0, 1, 1}, {.9F, .9F, .9F, .9F, .9F, .99F, .9F, .9F}));
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
  const PairedComparison comparison = ComparePaired(TextsOf(truth, first), TextsOf(truth, second));
  const Interval difference = Named(comparison, "accuracy").difference.value();
  EXPECT_LT(difference.low, 0.15);
  EXPECT_GT(difference.high, 0.15);
  // The normal approximation of paired proportions: .15 +- 1.96 * sqrt(.15 - .15^2) / 20
  EXPECT_NEAR(difference.low, 0.115, 0.006);
  EXPECT_NEAR(difference.high, 0.185, 0.006);
  EXPECT_EQ(difference, *Named(ComparePaired(TextsOf(truth, first), TextsOf(truth, second)), "accuracy").difference);
  EXPECT_THAT(VerdictOf(comparison, "one", "two"), testing::HasSubstr("two is significantly better"));
}

/// Of 804 texts, a tenth of which is positive, the first model alone decides `only_first` texts rightly, half of them
/// positive, and the second alone `only_second`.
PairedComparison Discordant(size_t only_first, size_t only_second) {
  std::vector<int32_t> truth, first, second;
  for (size_t i = 0; i < 804; ++i) {
    truth.push_back(i < 20 ? static_cast<int32_t>(i % 2) : i % 10 == 0 ? 1 : 0);
    first.push_back(i >= only_first && i < only_first + only_second ? 1 - truth[i] : truth[i]);
    second.push_back(i < only_first ? 1 - truth[i] : truth[i]);
  }
  return ComparePaired(TextsOf(truth, first), TextsOf(truth, second));
}

// No resample of 4 discordant texts of one kind that has any of them favours the other model, but 2 of 16 coin flips
// do.
TEST(Paired, FewDiscordantTextsAreNoClearDifference) {
  const PairedComparison four = Discordant(4, 0);
  EXPECT_LT(Named(four, "accuracy").difference->high, 0);
  EXPECT_DOUBLE_EQ(Named(four, "accuracy").p_value, .125);
  EXPECT_DOUBLE_EQ(Named(four, "recall").p_value, .5);
  EXPECT_DOUBLE_EQ(Named(four, "fpr").p_value, .5);
  EXPECT_NEAR(Named(four, "f1_macro").p_value, .125, .015);
  for (const PairedMetric& metric : four.metrics) EXPECT_FALSE(metric.IsSignificant()) << metric.name;
  EXPECT_FALSE(Named(Discordant(5, 0), "f1_macro").IsSignificant());
  const PairedComparison six = Discordant(6, 0);
  EXPECT_DOUBLE_EQ(Named(six, "accuracy").p_value, .03125);
  EXPECT_NEAR(Named(six, "f1_macro").p_value, .03125, .008);
  EXPECT_TRUE(Named(six, "accuracy").IsSignificant());
  EXPECT_TRUE(Named(six, "f1_macro").IsSignificant());
  EXPECT_FALSE(Named(six, "fpr").IsSignificant()) << "three negatives";
}

TEST(Paired, ADifferenceIsSignificantWhereTheIntervalAndTheTestSaySo) {
  const auto significant = [](std::optional<Interval> difference, double p_value) {
    return PairedMetric{.name = "accuracy", .difference = difference, .p_value = p_value}.IsSignificant();
  };
  EXPECT_TRUE(significant(Interval{.01, .02}, .049));
  EXPECT_TRUE(significant(Interval{-.02, -.01}, .049));
  EXPECT_FALSE(significant(Interval{.01, .02}, .05));
  EXPECT_FALSE(significant(Interval{-.01, .02}, .001));
  EXPECT_FALSE(significant(Interval{0, .02}, .001));
  EXPECT_FALSE(significant(Interval{-.02, 0}, .001));
  EXPECT_FALSE(significant(std::nullopt, .001));
}

// The second model misses ten positives that the first one finds, and decides all negatives as the first one does.
TEST(Paired, RecallIsTestedOnThePositivesAndTheFalsePositiveRateOnTheNegatives) {
  std::vector<int32_t> truth, all_right, missing;
  for (int i = 0; i < 60; ++i) {
    truth.push_back(i < 20 ? 1 : 0);
    all_right.push_back(truth.back());
    missing.push_back(i < 10 ? 0 : truth.back());
  }
  const PairedComparison positives = ComparePaired(TextsOf(truth, all_right), TextsOf(truth, missing));
  EXPECT_DOUBLE_EQ(Named(positives, "recall").p_value, 2.0 / 1024);
  EXPECT_EQ(Named(positives, "fpr").p_value, 1);
  std::vector<int32_t> flagging = truth;
  for (size_t i = 20; i < 30; ++i) flagging[i] = 1;
  const PairedComparison negatives = ComparePaired(TextsOf(truth, all_right), TextsOf(truth, flagging));
  EXPECT_EQ(Named(negatives, "recall").p_value, 1);
  EXPECT_DOUBLE_EQ(Named(negatives, "fpr").p_value, 2.0 / 1024);
}

TEST(Paired, RecallAndFalsePositiveRateNeedPositivesAndNegatives) {
  const auto names = [](const DecidedTexts& texts) {
    std::vector<std::string> names;
    for (const PairedMetric& metric : ComparePaired(texts, texts).metrics) names.push_back(metric.name);
    return names;
  };
  EXPECT_THAT(names(TextsOf({0, 1, 0}, {0, 1, 1})), testing::ElementsAre("accuracy", "f1_macro", "recall", "fpr"));
  EXPECT_THAT(names(TextsOf({0, 0}, {0, 1})), testing::ElementsAre("accuracy", "f1_macro"));
  EXPECT_THAT(names(TextsOf({1, 1}, {0, 1})), testing::ElementsAre("accuracy", "f1_macro"));
  DecidedTexts none = TextsOf({0, 1, 0}, {0, 1, 1});
  none.positive_label = -1;
  EXPECT_THAT(names(none), testing::ElementsAre("accuracy", "f1_macro"));
}

/// The macro-F1 of three labels, by its definition. Unknown labels (-1) count as missed.
double MacroF1ByDefinition(const std::vector<int32_t>& truth, const std::vector<int32_t>& decided) {
  double sum = 0, labels = 0;
  for (int32_t label = 0; label < 3; ++label) {
    double right = 0, wrong = 0, missed = 0;
    for (size_t i = 0; i < truth.size(); ++i) {
      right += truth[i] == label && decided[i] == label;
      wrong += truth[i] != label && decided[i] == label;
      missed += truth[i] == label && decided[i] != label;
    }
    if (right + wrong + missed == 0) continue;
    sum += 2 * right / (2 * right + wrong + missed);
    ++labels;
  }
  return sum / labels;
}

// Texts of which one label is frequent, and one of the second model's unknown to both.
TEST(Paired, TheTestOfTheMacroF1IsThatOfAllExchanges) {
  const std::vector<int32_t> truth = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, -1, 0};
  const std::vector<int32_t> first = {0, 0, 0, 0, 1, 0, 2, 1, 1, 1, 0, 2, 2, 2, 0, 0};
  const std::vector<int32_t> second = {0, 0, 0, 1, 1, 2, 0, 1, 0, 2, 0, 2, 0, 0, 1, 0};
  std::vector<size_t> differing;
  for (size_t i = 0; i < truth.size(); ++i) {
    if (first[i] != second[i]) differing.push_back(i);
  }
  ASSERT_EQ(differing.size(), 8u);
  const double observed = std::abs(MacroF1ByDefinition(truth, first) - MacroF1ByDefinition(truth, second));
  double as_large = 0;
  for (size_t exchange = 0; exchange < 256; ++exchange) {
    std::vector<int32_t> a = first, b = second;
    for (size_t k = 0; k < differing.size(); ++k) {
      if ((exchange >> k & 1) != 0) std::swap(a[differing[k]], b[differing[k]]);
    }
    as_large += std::abs(MacroF1ByDefinition(truth, a) - MacroF1ByDefinition(truth, b)) >= observed - 1e-12;
  }
  const double exact = as_large / 256;
  EXPECT_GT(exact, .02);
  EXPECT_LT(exact, .5);
  DecidedTexts of_first = TextsOf(truth, first), of_second = TextsOf(truth, second);
  of_first.labels = of_second.labels = 3;
  const PairedComparison comparison = ComparePaired(of_first, of_second);
  const PairedMetric& f1 = Named(comparison, "f1_macro");
  EXPECT_NEAR(f1.first, MacroF1ByDefinition(truth, first), 1e-12);
  EXPECT_NEAR(f1.second, MacroF1ByDefinition(truth, second), 1e-12);
  const int exchanges = PairedOptions{}.exchanges;
  EXPECT_NEAR(f1.p_value, exact, 3 * std::sqrt(exact * (1 - exact) / exchanges) + 1.0 / exchanges);
}

// Each model alone is right about 50 texts: of the rare label the first, of the frequent one the second.
TEST(Paired, TheMacroF1MayDifferWhereTheAccuracyDoesNot) {
  std::vector<int32_t> truth, first, second;
  for (int i = 0; i < 600; ++i) {
    truth.push_back(i < 60 ? 1 : 0);
    first.push_back(i >= 550 ? 1 : truth.back());
    second.push_back(i < 50 ? 0 : truth.back());
  }
  const PairedComparison comparison = ComparePaired(TextsOf(truth, first), TextsOf(truth, second));
  EXPECT_EQ(Named(comparison, "accuracy").p_value, 1);
  EXPECT_LT(Named(comparison, "recall").p_value, 1e-6);
  EXPECT_LT(Named(comparison, "f1_macro").p_value, .05);
}

// The labels of the second model in reverse order, and one that the first model does not have.
TEST(Paired, ModelsWithOtherLabelIdsAreComparedByTheSameTest) {
  DecidedTexts first{.labels = 2, .truth = {}, .decided = {}}, second = first,
                                                               other = {.labels = 3, .truth = {}, .decided = {}};
  for (int i = 0; i < 200; ++i) {
    const int32_t truth = i % 2, wrong = 1 - truth;
    first.truth.push_back({truth}), first.decided.push_back({i < 30 ? wrong : truth});
    second.truth.push_back({truth}), second.decided.push_back({i >= 190 ? wrong : truth});
    other.truth.push_back({2 - truth}), other.decided.push_back({i >= 190 ? 2 - wrong : 2 - truth});
  }
  for (DecidedTexts* texts : {&first, &second, &other}) texts->confidence.resize(200, .9F);
  const double p = Named(ComparePaired(first, second), "f1_macro").p_value;
  EXPECT_LT(p, .01);
  EXPECT_EQ(Named(ComparePaired(first, other, {.first_id_of_second = {2, 1, 0}}), "f1_macro").p_value, p);
}

// The draws are those of texts, whatever is stored once for several of them: intervals stay equal from version to
// version.
TEST(Paired, TheIntervalsAreThoseOfResamplesOfTexts) {
  std::vector<int32_t> truth, first, second;
  for (int i = 0; i < 60; ++i) {
    truth.push_back(i == 7 ? -1 : i % 3);
    first.push_back(i % 4 == 0 ? (i + 1) % 3 : i % 3);
    second.push_back(i % 7 == 0 ? (i + 2) % 3 : i % 3);
  }
  Random random(42, "paired bootstrap");
  std::vector<double> of_accuracy, of_f1;
  for (int resample = 0; resample < 1000; ++resample) {
    std::vector<int32_t> drawn[3];
    int right[2] = {0, 0};
    for (int i = 0; i < 60; ++i) {
      const size_t text = random.Below(60);
      drawn[0].push_back(truth[text]), drawn[1].push_back(first[text]), drawn[2].push_back(second[text]);
      right[0] += first[text] == truth[text], right[1] += second[text] == truth[text];
    }
    of_accuracy.push_back(right[1] / 60.0 - right[0] / 60.0);
    of_f1.push_back(MacroF1ByDefinition(drawn[0], drawn[2]) - MacroF1ByDefinition(drawn[0], drawn[1]));
  }
  std::ranges::sort(of_accuracy);
  std::ranges::sort(of_f1);
  DecidedTexts of_first = TextsOf(truth, first), of_second = TextsOf(truth, second);
  of_first.labels = of_second.labels = 3;
  const PairedComparison comparison = ComparePaired(of_first, of_second);
  const Interval accuracy = Named(comparison, "accuracy").difference.value();
  EXPECT_EQ(accuracy, (Interval{Quantile(of_accuracy, 0.025), Quantile(of_accuracy, 0.975)}));
  const Interval f1 = Named(comparison, "f1_macro").difference.value();
  EXPECT_NEAR(f1.low, Quantile(of_f1, 0.025), 1e-12);
  EXPECT_NEAR(f1.high, Quantile(of_f1, 0.975), 1e-12);
}

TEST(Paired, OfAModelWithItselfFindsNothing) {
  const PairedComparison comparison = ComparePaired(TextsOf({0, 1, 1}, {0, 1, 0}), TextsOf({0, 1, 1}, {0, 1, 0}));
  EXPECT_EQ(comparison.test.p_value, 1);
  EXPECT_TRUE(comparison.differing.empty());
  for (const PairedMetric& metric : comparison.metrics) {
    EXPECT_EQ(metric.difference, (Interval{0, 0}));
    EXPECT_EQ(metric.p_value, 1);
  }
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

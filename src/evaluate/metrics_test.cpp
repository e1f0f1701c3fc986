// Literals come from scikit-learn 1.9.1, SciPy 1.17.1 and numpy 2.4.6, on the samples of support/metric_samples.h:
//
//   d = p.argmax(1)                         # two labels: np.where(p[:, pos] >= .5, pos, 1 - pos)
//   accuracy_score(t, d); f1_score(t, d, average=..., zero_division=0); precision_score, recall_score (macro)
//   roc_auc_score(t == pos, p[:, pos]); roc_auc_score(t, p, multi_class='ovr', labels=range(k))
//   precision_recall_fscore_support(t, d, labels=range(k), zero_division=0); confusion_matrix(t, d, labels=range(k))
// ECE in numpy: bins ceil(confidence * 15) - 1, sum of share * |mean confidence - mean hit|.
#include "evaluate/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "support/metric_samples.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
constexpr double kExact = 1e-12;

struct Means {
  double accuracy, f1_macro, f1_micro, f1_weighted, precision_macro, recall_macro, ece;
};

void ExpectMeans(const Metrics& metrics, const Means& expected) {
  EXPECT_NEAR(metrics.accuracy, expected.accuracy, kExact);
  EXPECT_NEAR(metrics.f1_macro, expected.f1_macro, kExact);
  EXPECT_NEAR(metrics.f1_micro, expected.f1_micro, kExact);
  EXPECT_NEAR(metrics.f1_weighted, expected.f1_weighted, kExact);
  EXPECT_NEAR(metrics.precision_macro, expected.precision_macro, kExact);
  EXPECT_NEAR(metrics.recall_macro, expected.recall_macro, kExact);
  ASSERT_TRUE(metrics.ece);
  EXPECT_NEAR(*metrics.ece, expected.ece, kExact);
}

void ExpectClasses(const Metrics& metrics, const std::vector<std::array<double, 4>>& expected,
                   const std::vector<std::optional<double>>& roc_auc) {
  ASSERT_EQ(metrics.per_class.size(), expected.size());
  for (size_t k = 0; k < expected.size(); ++k) {
    const ClassMetrics& label = metrics.per_class[k];
    EXPECT_NEAR(label.precision, expected[k][0], kExact) << k;
    EXPECT_NEAR(label.recall, expected[k][1], kExact) << k;
    EXPECT_NEAR(label.f1, expected[k][2], kExact) << k;
    EXPECT_EQ(static_cast<double>(label.support), expected[k][3]) << k;
    ASSERT_EQ(label.roc_auc.has_value(), roc_auc[k].has_value()) << k;
    if (roc_auc[k]) {
      EXPECT_NEAR(*label.roc_auc, *roc_auc[k], kExact) << k;
    }
  }
}

TEST(ComputeMetrics, EqualsScikitLearnOnTwoLabelsWithTies) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(200, 2, 4, 11, 1, 2), 1);
  ExpectMeans(metrics, {0.725, 0.7190939503051661, 0.725, 0.7195012640772237, 0.7426215277777778, 0.7236223622362237,
                        0.11323808223009107});
  ExpectClasses(metrics,
                {{0.8055555555555556, 0.5858585858585859, 0.6783625730994152, 99},
                 {0.6796875, 0.8613861386138614, 0.759825327510917, 101}},
                {0.8194319431943194, 0.8194319431943194});
  EXPECT_NEAR(metrics.roc_auc.value(), 0.8194319431943194, kExact);
  EXPECT_NEAR(metrics.fpr.value(), 41.0 / 99, kExact);
  EXPECT_EQ(metrics.fpr_interval, WilsonInterval(41, 99));
  EXPECT_EQ(metrics.recall_interval, WilsonInterval(87, 101));
  EXPECT_EQ(metrics.accuracy_interval, WilsonInterval(145, 200));
  EXPECT_THAT(metrics.confusion, ElementsAre(58, 41, 14, 87));
  EXPECT_THAT(metrics.notes, testing::IsEmpty());
}

// brier_score_loss(t, p[:, 1]), log_loss(t, p) of two labels; brier_score_loss(t, p, labels=range(5)) and
// log_loss(t, p, labels=range(5)) of five; multi-label the mean of both over y[:, j], p[:, j]. adaptive_ece in numpy:
// confidences sorted, hits replaced by their mean where confidences are equal, bins b * n // 15; each in float64.
TEST(ComputeMetrics, BrierScoreAndLogLossEqualScikitLearn) {
  const auto expect = [](const Metrics& metrics, double brier, double nll, double adaptive_ece) {
    EXPECT_NEAR(metrics.brier.value(), brier, kExact);
    EXPECT_NEAR(metrics.nll.value(), nll, kExact);
    EXPECT_NEAR(metrics.adaptive_ece.value(), adaptive_ece, kExact);
  };
  expect(MetricsOfSample(SingleLabelSample(200, 2, 4, 11, 1, 2), 1), 0.18640961726678668, 0.5562849725140256,
         0.1192121181325479);
  expect(MetricsOfSample(SingleLabelSample(300, 5, 6, 31, 2, 5)), 0.6765399314299859, 1.3062597577793214,
         0.2050978314269472);
  expect(MetricsOfSample(MultiLabelSample(150, 4, 9, 41, 0.3, 2)), 0.20426997500920774, 0.5728330158169466,
         0.1669191955857807);
}

TEST(ComputeMetrics, AdaptiveErrorDoesNotDependOnTheOrderOfTexts) {
  MetricSample sample = SingleLabelSample(200, 2, 4, 11, 1, 2);
  const double before = MetricsOfSample(sample, 1).adaptive_ece.value();
  std::ranges::reverse(sample.truth);
  std::ranges::reverse(sample.probabilities);
  for (size_t i = 0; i < sample.probabilities.size(); i += 2)
    std::swap(sample.probabilities[i], sample.probabilities[i + 1]);
  EXPECT_NEAR(MetricsOfSample(sample, 1).adaptive_ece.value(), before, kExact);
}

TEST(ComputeMetrics, LogLossOfCertainMistakesIsFinite) {
  const std::array<std::string, 2> labels = {"a", "b"};
  const auto metrics = ComputeMetrics(std::array{1.0F, 0.0F}, std::array{1}, labels).value();
  EXPECT_NEAR(metrics.nll.value(), 36.04365338911715, 1e-9);  // log_loss([1], [[1., 0.]], labels=[0, 1])
  EXPECT_EQ(metrics.brier, 1.0);
}

TEST(ComputeMetrics, TakesEitherLabelAsThePositiveOne) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(200, 2, 4, 11, 1, 2), 0);
  ExpectMeans(metrics, {0.735, 0.7335009428032684, 0.735, 0.7333010685103709, 0.7419950738916257, 0.7358235823582359,
                        0.11323808223009107});
  EXPECT_NEAR(metrics.roc_auc.value(), 0.8194319431943194, kExact);
  EXPECT_NEAR(metrics.fpr.value(), 0.3465346534653465, kExact);
  EXPECT_THAT(metrics.confusion, ElementsAre(81, 18, 35, 66));
}

TEST(ComputeMetrics, EqualsScikitLearnOnThreeLabels) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(150, 3, 6, 21, 2, 3));
  ExpectMeans(metrics, {0.6466666666666666, 0.6424939614647599, 0.6466666666666666, 0.6439092992411352,
                        0.6475996376811594, 0.6433160526330045, 0.17078599135080974});
  ExpectClasses(metrics,
                {{0.640625, 0.7592592592592593, 0.6949152542372882, 54},
                 {0.65, 0.6046511627906976, 0.6265060240963856, 43},
                 {0.6521739130434783, 0.5660377358490566, 0.6060606060606061, 53}},
                {0.8135609567901234, 0.8652466855031515, 0.8195876288659795});
  EXPECT_NEAR(metrics.roc_auc.value(), 0.8327984237197515, kExact);
  EXPECT_THAT(metrics.confusion, ElementsAre(41, 5, 8, 9, 26, 8, 14, 9, 30));
  EXPECT_FALSE(metrics.fpr);
  EXPECT_THAT(metrics.notes, testing::IsEmpty());
}

TEST(ComputeMetrics, EqualsScikitLearnWhereLabelsAreAbsent) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(80, 5, 5, 31, 3, 3));
  ExpectMeans(metrics, {0.825, 0.5114136429608128, 0.825, 0.8519528301886792, 0.5297658862876254, 0.49544159544159544,
                        0.4790778342634439});
  ExpectClasses(metrics,
                {{0.8846153846153846, 0.8846153846153846, 0.8846153846153846, 26},
                 {0.8076923076923077, 0.7777777777777778, 0.7924528301886793, 27},
                 {0.9565217391304348, 0.8148148148148148, 0.88, 27},
                 {0, 0, 0, 0},
                 {0, 0, 0, 0}},
                {0.9779202279202279, 0.9063591893780573, 0.9881201956673654, std::nullopt, std::nullopt});
  EXPECT_FALSE(metrics.roc_auc);  // scikit-learn: nan
  EXPECT_THAT(metrics.notes, testing::Contains(HasSubstr("labels without any text: 'label3', 'label4'")));
  EXPECT_THAT(metrics.notes, testing::Contains(HasSubstr("roc_auc is undefined: it requires texts with and without")));
}

TEST(ComputeMetrics, LeavesOutLabelsThatNeitherOccurNorAreDecided) {
  // f1_score([0, 1, 1], [0, 1, 0], average='macro') == 0.6666666666666666, whatever else the model could have said
  const std::vector<float> rows = {0.8F, 0.1F, 0.1F, 0.1F, 0.8F, 0.1F, 0.8F, 0.1F, 0.1F};
  const auto metrics = ComputeMetrics(rows, std::array{0, 1, 1}, std::array<std::string, 3>{"a", "b", "c"});
  ASSERT_TRUE(metrics);
  EXPECT_NEAR(metrics->f1_macro, 2.0 / 3, kExact);
  EXPECT_NEAR(metrics->precision_macro, 0.75, kExact);
}

TEST(ComputeMetrics, EqualsScikitLearnOn150Labels) {
  const Metrics metrics = MetricsOfSample(SingleLabelSample(1500, 150, 50, 41, 40, 150));
  ExpectMeans(metrics, {0.802, 0.7984340829687191, 0.802, 0.8077400690021381, 0.8196942237329234, 0.80634900067253,
                        0.7848742871768773});
  EXPECT_NEAR(metrics.roc_auc.value(), 0.9799192643617668, kExact);
}

TEST(ComputeMetrics, EqualsScikitLearnOnOneText) {
  const std::array<std::string, 2> labels = {"ham", "spam"};
  const auto right = ComputeMetrics(std::array{0.25F, 0.75F}, std::array{1}, labels, {.positive_label = 1});
  ASSERT_TRUE(right);
  ExpectMeans(*right, {1, 1, 1, 1, 1, 1, 0.25});
  EXPECT_FALSE(right->roc_auc);
  EXPECT_FALSE(right->fpr);
  EXPECT_FALSE(right->fpr_interval);
  EXPECT_THAT(right->notes, testing::Contains(HasSubstr("fpr is undefined: every text has the label 'spam'")));
  EXPECT_NEAR(right->f1_macro_interval->low, right->accuracy_interval->low, kExact) << "resamples have no width";

  const auto wrong = ComputeMetrics(std::array{0.25F, 0.75F}, std::array{0}, labels, {.positive_label = 1});
  ASSERT_TRUE(wrong);
  ExpectMeans(*wrong, {0, 0, 0, 0, 0, 0, 0.75});
  EXPECT_EQ(wrong->fpr, 1.0);
  EXPECT_EQ(wrong->fpr_interval, WilsonInterval(1, 1));
}

TEST(ComputeMetrics, CountsLegitimateTextsOfAllOtherLabels) {
  const std::array<std::string, 3> labels = {"fine", "rude", "hateful"};
  const std::vector<float> rows(4 * 3, 1.0F / 3);
  const auto metrics =
      ComputeMetrics(rows, std::array{0, 1, 1, 2}, labels, {.positive_label = 2}, std::array{0, 2, 0, 2});
  ASSERT_TRUE(metrics);
  EXPECT_NEAR(metrics->fpr.value(), 1.0 / 3, kExact);
}

TEST(ComputeMetrics, RecallIsUndefinedWithoutPositives) {
  const std::array<std::string, 2> labels = {"ham", "spam"};
  const auto metrics = ComputeMetrics(std::array{0.75F, 0.25F}, std::array{0}, labels, {.positive_label = 1});
  ASSERT_TRUE(metrics);
  EXPECT_FALSE(metrics->recall_interval);
  EXPECT_THAT(metrics->notes, testing::Contains("recall is undefined: no text has the label 'spam'"));
}

TEST(ComputeMetrics, UsesTheDecisionsGiven) {
  const MetricSample sample = SingleLabelSample(50, 2, 4, 3, 1, 2);
  const auto metrics = ComputeMetrics(sample.probabilities, sample.truth, sample.labels, {.positive_label = 1},
                                      std::vector<int32_t>(50, 1));
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->fpr, 1.0);
  EXPECT_EQ(metrics->per_class[1].recall, 1.0);
  EXPECT_EQ(metrics->ece, MetricsOfSample(sample, 1).ece);  // a property of the probabilities alone
}

TEST(ComputeMetrics, IsTheSameEachTimeAndWithoutTheBootstrap) {
  const MetricSample sample = SingleLabelSample(150, 3, 6, 21, 2, 3);
  const auto interval = MetricsOfSample(sample).f1_macro_interval;
  EXPECT_EQ(MetricsOfSample(sample).f1_macro_interval, interval);
  EXPECT_NE(MetricsOfSample(SingleLabelSample(150, 3, 6, 22, 2, 3)).f1_macro_interval, interval);
  const auto plain = ComputeMetrics(sample.probabilities, sample.truth, sample.labels, {.bootstrap_resamples = 0});
  EXPECT_FALSE(plain->f1_macro_interval);
  EXPECT_EQ(plain->f1_macro, MetricsOfSample(sample).f1_macro);
}

// The same SplitMix64 draws repeated in Python (seed 42, index ((z >> 32) * n) >> 32), 1000 resamples:
//   v = [f1_score(t[i], d[i], average='macro', zero_division=0) for i in draws]; low, high = np.percentile(v,
//   [2.5, 97.5]) c = 2 * f1_score(t, d, average='macro') - np.mean(v); k, n = (t == d).sum(), len(t) w = binomtest(k,
//   n).proportion_ci(method='wilson') c - max(np.mean(v) - low, k / n - w.low), min(1, c + max(high - np.mean(v),
//   w.high - k / n))
TEST(ComputeMetrics, BootstrapsTheMacroF1AsNumpyDoes) {
  const auto interval = MetricsOfSample(SingleLabelSample(150, 3, 6, 21, 2, 3)).f1_macro_interval;
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 0.5636110371174226, kExact);
  EXPECT_NEAR(interval->high, 0.7198488730739435, kExact);

  const std::array<std::string, 2> labels = {"ham", "spam"};
  const std::vector<float> rows(12, 0.5F);
  const auto six = ComputeMetrics(rows, std::array{0, 0, 0, 1, 1, 1}, labels, {}, std::array{0, 0, 1, 1, 0, 1});
  ASSERT_TRUE(six && six->f1_macro_interval);
  EXPECT_NEAR(six->f1_macro_interval->low, 0.3482646464646464, kExact);
  EXPECT_EQ(six->f1_macro_interval->high, 1.0);
}

// An independent generator: numpy's default_rng(0), 4000 resamples of the same sample, gives [0.56688015, 0.71940276].
// Both ends are percentiles of random draws; they must lie near each other, not agree.
TEST(ComputeMetrics, BootstrapsNearAnIndependentGenerator) {
  const auto interval = MetricsOfSample(SingleLabelSample(150, 3, 6, 21, 2, 3)).f1_macro_interval;
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 0.56688015, 0.012);
  EXPECT_NEAR(interval->high, 0.71940276, 0.012);
}

// y, p as MultiLabelSample() makes them; d = (p >= .5): f1_score(y, d, average=..., zero_division=0), roc_auc_score(y,
// p), ...
TEST(ComputeMultiLabelMetrics, EqualsScikitLearn) {
  const Metrics metrics = MetricsOfSample(MultiLabelSample(120, 4, 10, 51, 0.3, 4));
  ExpectMeans(metrics, {0.25, 0.5597078114079888, 0.563953488372093, 0.5622236246326028, 0.4596020143560449,
                        0.7191363348858606, 0.1553571487466494});
  ExpectClasses(metrics,
                {{0.5084745762711864, 0.8333333333333334, 0.631578947368421, 36},
                 {0.43902439024390244, 0.5806451612903226, 0.5, 31},
                 {0.45454545454545453, 0.7352941176470589, 0.5617977528089888, 34},
                 {0.43636363636363634, 0.7272727272727273, 0.5454545454545454, 33}},
                {0.8660714285714286, 0.7874229793403407, 0.7983926128590971, 0.791884360849878});
  EXPECT_NEAR(metrics.roc_auc.value(), 0.8109428454051861, kExact);
  EXPECT_EQ(metrics.per_class[1].counts, (LabelCounts{18, 23, 13}));
  EXPECT_TRUE(metrics.confusion.empty());
  EXPECT_LT(metrics.f1_macro_interval->low, metrics.f1_macro);
  EXPECT_GT(metrics.f1_macro_interval->high, metrics.f1_macro);
}

// The same with y[:, 2] = 0; p[:, 2] = .25
TEST(ComputeMultiLabelMetrics, CountsAbsentLabelsAsScikitLearnDoes) {
  MetricSample sample = MultiLabelSample(120, 4, 10, 51, 0.3, 4);
  for (size_t n = 0; n < 120; ++n) {
    std::erase(sample.sets[n], 2);
    sample.probabilities[n * 4 + 2] = 0.25F;
  }
  const Metrics metrics = MetricsOfSample(sample, 0);
  ExpectMeans(metrics, {0.35, 0.4192583732057416, 0.5647058823529412, 0.5623684210526316, 0.3459656507196813,
                        0.5353128054740959, 0.1770833378812919});
  EXPECT_FALSE(metrics.per_class[2].roc_auc);
  const double others = *metrics.per_class[0].roc_auc + *metrics.per_class[1].roc_auc + *metrics.per_class[3].roc_auc;
  EXPECT_NEAR(metrics.roc_auc.value(), others / 3, kExact);  // scikit-learn: nan
  EXPECT_THAT(metrics.notes, testing::Contains(HasSubstr("roc_auc is the mean over 3 of 4 labels")));
  EXPECT_NEAR(metrics.fpr.value(), 29.0 / 84, kExact);
}

TEST(ComputeMultiLabelMetrics, HasNoNotesWhereEachLabelIsRankedAndNoRankingWhereNoneIs) {
  MetricSample sample = MultiLabelSample(120, 4, 10, 51, 0.3, 4);
  EXPECT_THAT(MetricsOfSample(sample, 0).notes, testing::IsEmpty());
  for (std::vector<int32_t>& set : sample.sets) set.clear();
  const Metrics metrics = MetricsOfSample(sample, -1);
  EXPECT_FALSE(metrics.roc_auc);
  EXPECT_THAT(metrics.notes, testing::Contains(HasSubstr("roc_auc is undefined")));
}

TEST(ComputeMultiLabelMetrics, TakesSetsInAnyOrder) {
  const std::array<std::string, 2> labels = {"a", "b"};
  const std::vector<std::vector<int32_t>> truth = {{1, 0, 1}, {}};
  const auto metrics = ComputeMultiLabelMetrics(std::array{0.9F, 0.5F, 0.1F, 0.2F}, truth, labels);
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->accuracy, 1.0);
  EXPECT_EQ(metrics->per_class[1].support, 1);
  EXPECT_EQ(metrics->roc_auc, 1.0);
}

TEST(ComputeMetrics, RefusesWhatDoesNotFit) {
  const std::array<std::string, 2> labels = {"ham", "spam"};
  const std::array row = {0.5F, 0.5F};
  const auto code = [](const auto& result) { return result ? ErrorCode::kInternal : result.error().code; };
  EXPECT_EQ(code(ComputeMetrics({}, {}, labels)), ErrorCode::kInvalidData);
  EXPECT_EQ(code(ComputeMetrics({}, {}, {})), ErrorCode::kInvalidData);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{0}, {})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{0, 1}, labels)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{2}, labels)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{-2}, labels)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{1}, labels, {.positive_label = 2})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{1}, labels, {}, std::array{-1})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(ComputeMetrics(row, std::array{1}, labels, {}, std::array{1, 1})), ErrorCode::kInvalidArgument);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.1F, 3.0F}) {
    const auto result = ComputeMetrics(std::array{0.5F, bad}, std::array{1}, labels);
    ASSERT_EQ(code(result), ErrorCode::kInvalidModel);
    EXPECT_THAT(result.error().message, HasSubstr("text 1, label 'spam'"));
  }
  const std::vector<std::vector<int32_t>> outside = {{0, 9}};
  EXPECT_EQ(code(ComputeMultiLabelMetrics(row, outside, labels)), ErrorCode::kInvalidArgument);
}

TEST(ComputeMetrics, StaysWithinItsBoundsOnAnySmallSample) {
  for (size_t texts = 1; texts <= 4; ++texts) {
    for (size_t labels = 1; labels <= 4; ++labels) {
      for (uint64_t seed = 1; seed <= 50; ++seed) {
        const MetricSample sample = SingleLabelSample(texts, labels, 3, seed, 1, static_cast<int>(labels));
        const Metrics metrics = MetricsOfSample(sample, static_cast<int32_t>(seed % (labels + 1)) - 1);
        for (const std::string_view name : MetricNames()) {
          const auto value = MetricByName(metrics, name);
          if (!value) continue;
          EXPECT_GE(*value, 0.0) << name;  // fails for NaN
          EXPECT_LE(*value, name == "nll" ? 37.0 : name == "brier" ? 2.0 : 1.0) << name;
        }
      }
    }
  }
}

TEST(Metrics, LeaveRankingOutIfItIsNotWanted) {
  const std::vector<float> probabilities = {.9f, .1f, .4f, .6f};
  const std::vector<int32_t> truth = {0, 1};
  const std::vector<std::string> labels = {"ham", "spam"};
  const Metrics metrics = ComputeMetrics(probabilities, truth, labels, {.ranking = false}).value();
  EXPECT_FALSE(metrics.roc_auc);
  EXPECT_EQ(metrics.f1_macro, ComputeMetrics(probabilities, truth, labels).value().f1_macro);
}

TEST(Metrics, OfSetsAreThoseOfTheKindOfProblem) {
  const std::vector<std::string> labels = {"ham", "spam"};
  const std::vector<float> probabilities = {.9f, .1f, .4f, .6f, .2f, .8f};
  const std::vector<std::vector<int32_t>> truth = {{0}, {1}, {0}}, decided = {{0}, {0}, {1}};
  const Metrics single = ComputeMetricsOfSets(probabilities, truth, labels, false, {}, decided).value();
  EXPECT_FALSE(single.multi_label);
  EXPECT_THAT(single.confusion, ElementsAre(1, 1, 1, 0));
  EXPECT_NEAR(ComputeMetricsOfSets(probabilities, truth, labels, false).value().accuracy, 2. / 3, kExact);
  const std::vector<std::vector<int32_t>> several = {{0}, {}, {0, 1}};
  const Metrics multi = ComputeMetricsOfSets(probabilities, several, labels, true, {}, several).value();
  EXPECT_TRUE(multi.multi_label);
  EXPECT_EQ(multi.accuracy, 1);
  EXPECT_EQ(ComputeMetricsOfSets(probabilities, several, labels, false).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow

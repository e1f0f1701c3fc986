#include "evaluate/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "evaluate/intervals.h"
#include "evaluate/ranking.h"

namespace winnow {
namespace {

// scikit-learn 1.x: roc_curve(y, s, drop_intermediate=False), precision_recall_curve(y, s), average_precision_score.
const std::vector<uint8_t> kTruth = {0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1};
const std::vector<float> kScores = {.1F, .9F, .8F, .8F, .35F, .4F, .35F, .7F, .35F, .05F, .9F, .6F};

ThresholdSweep Sweep() { return {kScores, 1, kTruth}; }

TEST(RocCurve, HasScikitLearnsPoints) {
  const std::vector<RocPoint> curve = RocCurve(Sweep());
  const std::vector<double> fpr = {0, 1, 2, 2, 2, 3, 4, 5, 6}, recall = {0, 1, 2, 3, 4, 4, 6, 6, 6};
  ASSERT_EQ(curve.size(), 9U);
  for (size_t i = 0; i < curve.size(); ++i) {
    EXPECT_NEAR(curve[i].fpr, fpr[i] / 6, 1e-12);
    EXPECT_NEAR(curve[i].recall, recall[i] / 6, 1e-12);
  }
  EXPECT_FALSE(curve[0].threshold);
  EXPECT_NEAR(*curve[1].threshold, .9, 1e-6);
  EXPECT_NEAR(*curve[8].threshold, .05, 1e-6);
}

TEST(RocCurve, EnclosesTheArea) {
  const std::vector<RocPoint> curve = RocCurve(Sweep());
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    area += (curve[i].fpr - curve[i - 1].fpr) * (curve[i].recall + curve[i - 1].recall) / 2;
  }
  EXPECT_NEAR(area, 0.6388888888888888, 1e-12);
  EXPECT_NEAR(area, RocAuc(kScores, 1, kTruth).value(), 1e-12);
}

TEST(PrecisionRecallCurve, HasScikitLearnsPoints) {
  const std::vector<PrecisionRecallPoint> curve = PrecisionRecallCurve(Sweep());
  // Theirs goes on to .1 and .05, where the recall stays 1 and the precision falls to .545 and .5.
  const std::vector<double> precision = {1, .5, .5, .6, 2.0 / 3, 4.0 / 7, .6}, recall = {0, 1, 2, 3, 4, 4, 6};
  ASSERT_EQ(curve.size(), precision.size());
  for (size_t i = 0; i < curve.size(); ++i) {
    EXPECT_NEAR(curve[i].precision, precision[i], 1e-12) << i;
    EXPECT_NEAR(curve[i].recall, recall[i] / 6, 1e-12) << i;
  }
}

TEST(AveragePrecision, IsScikitLearns) { EXPECT_NEAR(AveragePrecision(Sweep()).value(), 0.5777777777777777, 1e-12); }

TEST(Curves, AreEmptyWhereTheyAreUndefined) {
  const std::vector<uint8_t> none = {0, 0}, all = {1, 1};
  const std::vector<float> scores = {.2F, .4F};
  EXPECT_TRUE(RocCurve({scores, 1, none}).empty());
  EXPECT_TRUE(RocCurve({scores, 1, all}).empty());
  EXPECT_TRUE(PrecisionRecallCurve({scores, 1, none}).empty());
  EXPECT_FALSE(AveragePrecision({scores, 1, none}));
  EXPECT_TRUE(RocCurve({{}, 1, {}}).empty());
}

TEST(ThresholdSweep, CountsAtAnyThreshold) {
  const ThresholdSweep sweep = Sweep();
  EXPECT_EQ(sweep.At(1).hits, 0);
  EXPECT_EQ(sweep.At(.9F).hits, 1);
  EXPECT_EQ(sweep.At(.9F).false_positives, 1);
  EXPECT_EQ(sweep.At(.65F).hits, 3);
  EXPECT_EQ(sweep.At(0).hits, 6);
  EXPECT_EQ(sweep.At(0).false_positives, 6);
}

TEST(ThinnedLine, KeepsTheShape) {
  std::vector<double> x, y;
  for (int i = 0; i <= 5000; ++i) {
    x.push_back(i / 5000.0);
    y.push_back(std::pow(x.back(), 0.05));  // a good model's ROC: nearly a corner
  }
  const std::vector<size_t> kept = ThinnedLine(x, y, 100);
  ASSERT_LE(kept.size(), 100U);
  EXPECT_EQ(kept.front(), 0U);
  EXPECT_EQ(kept.back(), x.size() - 1);
  double worst = 0;
  for (size_t k = 1; k < kept.size(); ++k) {
    for (size_t i = kept[k - 1]; i < kept[k]; ++i) {
      const double share = (x[i] - x[kept[k - 1]]) / (x[kept[k]] - x[kept[k - 1]]);
      worst = std::max(worst, std::abs(y[kept[k - 1]] + share * (y[kept[k]] - y[kept[k - 1]]) - y[i]));
    }
  }
  EXPECT_LT(worst, 0.003);
}

TEST(ThinnedLine, NeedsNoPointWithinAStraightLine) {
  EXPECT_THAT(ThinnedLine(std::vector<double>{0, 1, 2, 3}, std::vector<double>{0, 1, 2, 2}, 10),
              testing::ElementsAre(0, 2, 3));
  EXPECT_THAT(ThinnedLine(std::vector<double>{1}, std::vector<double>{1}, 10), testing::ElementsAre(0));
  EXPECT_TRUE(ThinnedLine({}, {}, 10).empty());
}

TEST(Reliability, HasTheBinsOfTheCalibrationError) {
  Reliability reliability;
  CalibrationError error;
  for (int i = 0; i <= 300; ++i) {
    const double confidence = i / 300.0;
    reliability.Add(confidence, i % 3 == 0);
    error.Add(confidence, i % 3 == 0);
  }
  double gap = 0;
  for (const ReliabilityBin& bin : reliability.Bins()) {
    gap += std::abs(bin.confidence * static_cast<double>(bin.count) - static_cast<double>(bin.hits)) / 301;
  }
  EXPECT_NEAR(gap, error.Value().value(), 1e-12);
  EXPECT_FALSE(Reliability().Bins()[3].hit_rate);
}

TEST(ThresholdSweep, ReadsEveryStrideThScore) {
  const std::vector<float> rows = {.9F, .1F, .2F, .8F, .6F, .4F};
  const std::vector<uint8_t> truth = {0, 1, 1};
  const ThresholdSweep second(std::span<const float>(rows).subspan(1), 2, truth);
  ASSERT_EQ(second.steps().size(), 3u);
  EXPECT_EQ(second.steps()[0].threshold, .8F);
  EXPECT_EQ(second.At(.4F).hits, 2);
  EXPECT_EQ(second.At(.4F).false_positives, 0);
  EXPECT_EQ(second.At(.05F).false_positives, 1);
  EXPECT_EQ(second.At(.95F).hits, 0);
}

// The bins of the calibration error: 15 of equal width, each without its lower and with its upper limit.
TEST(Reliability, CountsEachConfidenceInItsBin) {
  Reliability reliability;
  const double width = 1.0 / 15;
  reliability.Add(0, false);
  reliability.Add(.5 * width, true);
  reliability.Add(.5, true);  // in the eighth bin, 7 / 15 to 8 / 15
  reliability.Add(.52, false);
  reliability.Add(.99, true);
  reliability.Add(1, true);
  const std::vector<ReliabilityBin> bins = reliability.Bins();
  ASSERT_EQ(bins.size(), 15u);
  for (size_t i = 0; i < bins.size(); ++i) {
    EXPECT_DOUBLE_EQ(bins[i].low, static_cast<double>(i) / 15);
    EXPECT_DOUBLE_EQ(bins[i].high, static_cast<double>(i + 1) / 15);
    const bool used = i == 0 || i == 7 || i == 14;
    EXPECT_EQ(bins[i].count, used ? 2 : 0) << i;
    EXPECT_EQ(bins[i].hit_rate.has_value(), used) << i;
    EXPECT_EQ(bins[i].confidence > 0, used) << i;
  }
  EXPECT_EQ(bins[0].hits, 1);
  EXPECT_EQ(bins[7].hits, 1);
  EXPECT_EQ(bins[14].hits, 2);
  EXPECT_DOUBLE_EQ(bins[0].confidence, .25 * width);
  EXPECT_DOUBLE_EQ(bins[7].confidence, .51);
  EXPECT_DOUBLE_EQ(bins[14].confidence, .995);
  EXPECT_DOUBLE_EQ(bins[7].hit_rate->low, WilsonInterval(1, 2)->low);
}

}  // namespace
}  // namespace winnow

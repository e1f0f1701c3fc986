#include "review/estimate.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

using testing::HasSubstr;

std::vector<HeldOutPrediction> Predictions(size_t blind, size_t chosen) {
  std::vector<HeldOutPrediction> all;
  // Blind texts are all right; of the chosen ones every second is wrong.
  for (size_t i = 0; i < blind; ++i) all.push_back({static_cast<int32_t>(i % 2), static_cast<int32_t>(i % 2), true});
  for (size_t i = 0; i < chosen; ++i) all.push_back({static_cast<int32_t>(i % 2), 0, false});
  return all;
}

TEST(Estimate, CountsOnlyBlindRandomTextsIfThereAreEnough) {
  const auto estimate = EstimateMacroF1(Predictions(20, 80), 2);
  EXPECT_EQ(estimate->basis, EstimateBasis::kRandom);
  EXPECT_EQ(estimate->texts, 20u);
  EXPECT_EQ(estimate->f1_macro, 1);
  EXPECT_LT(estimate->interval.low, .85) << "twenty texts say little, also if all are right";
  EXPECT_EQ(estimate->interval.high, 1);
}

TEST(Estimate, SaysThatItIsOfTheLabelledTexts) {
  const auto estimate = EstimateMacroF1(Predictions(10, 30), 2);
  EXPECT_EQ(estimate->basis, EstimateBasis::kLabelled);
  EXPECT_EQ(estimate->texts, 40u);
  EXPECT_THAT(EstimateSentence(estimate, std::nullopt, 40), HasSubstr("on the labelled texts"));
}

TEST(Estimate, IsNothingForAFewTexts) { EXPECT_EQ(EstimateMacroF1(Predictions(0, 9), 2), std::nullopt); }

TEST(Estimate, OfAFewTextsPerLabelIsThatOfAll) {
  // 77 labels, three in four decisions right, the wrong ones anywhere: the macro-F1 of all texts is about .75.
  Random random(1, "texts");
  const auto draw = [&](size_t count) {
    std::vector<HeldOutPrediction> texts;
    for (size_t i = 0; i < count; ++i) {
      const auto truth = static_cast<int32_t>(random.Below(77));
      const bool right = random.Uniform() < .75;
      texts.push_back({truth, right ? truth : static_cast<int32_t>(random.Below(77)), true});
    }
    return texts;
  };
  const double of_all = EstimateMacroF1(draw(50000), 77)->f1_macro;
  EXPECT_NEAR(of_all, .75, .01);
  double mean = 0;
  int covered = 0;
  for (int i = 0; i < 100; ++i) {
    const auto estimate = EstimateMacroF1(draw(120), 77);
    mean += estimate->f1_macro / 100;
    covered += estimate->interval.low <= of_all && of_all <= estimate->interval.high ? 1 : 0;
  }
  EXPECT_NEAR(mean, of_all, .03);
  EXPECT_GE(covered, 90);
}

TEST(Estimate, IsWrittenAsOneSentence) {
  const Estimate estimate{.f1_macro = .81, .interval = {.77, .85}, .basis = EstimateBasis::kRandom, .texts = 24};
  EXPECT_EQ(EstimateSentence(estimate, NextGain{100, .02}, 120),
            "macro-F1 .81 [.77, .85] after 120 labels; 100 more would bring about .02");
}

std::vector<CurvePoint> PowerLaw(double a, double b, size_t first, size_t last) {
  std::vector<CurvePoint> curve;
  for (size_t n = first; n <= last; n += 20) curve.push_back({n, 1 - a * std::pow(static_cast<double>(n), -b)});
  return curve;
}

TEST(Extrapolation, ContinuesAPowerLaw) {
  const std::vector<CurvePoint> curve = PowerLaw(2, .5, 100, 400);
  const auto next = ExtrapolateGain(curve, 400, 100, {.87, .93});
  ASSERT_TRUE(next);
  EXPECT_NEAR(next->gain, 2 / std::sqrt(400.0) - 2 / std::sqrt(500.0), 1e-9);
}

TEST(Extrapolation, IsNothingWithoutADoublingOrATrend) {
  EXPECT_EQ(ExtrapolateGain(PowerLaw(2, .5, 300, 400), 400, 100, {.87, .93}), std::nullopt);
  std::vector<CurvePoint> noise;
  for (size_t n = 100; n <= 400; n += 20) noise.push_back({n, n % 40 == 0 ? .7 : .8});
  EXPECT_EQ(ExtrapolateGain(noise, 400, 100, {.72, .88}), std::nullopt);
  EXPECT_EQ(ExtrapolateGain(PowerLaw(.1, .1, 100, 400), 400, 100, {.94, .95}), std::nullopt)
      << "a gain of less than .005";
}

TEST(Extrapolation, OfAModelThatDoesNotImproveIsNothingMostly) {
  // The share of the audits so far that are right, of which one in five labels is one: it drifts, and has no trend.
  Random random(3, "audits");
  int promised = 0;
  for (int run = 0; run < 200; ++run) {
    std::vector<CurvePoint> curve;
    int64_t right = 0;
    for (size_t labelled = 5; labelled <= 500; labelled += 5) {
      right += random.Uniform() < .8 ? 1 : 0;
      const auto audits = static_cast<int64_t>(labelled / 5);
      if (audits >= 20 && labelled % 10 == 0)
        curve.push_back({labelled, static_cast<double>(right) / static_cast<double>(audits)});
    }
    promised += ExtrapolateGain(curve, 500, 100, *WilsonInterval(right, 100)) ? 1 : 0;
  }
  EXPECT_LE(promised, 15) << "of 200: with the errors of independent points, about half of them";
}

}  // namespace
}  // namespace winnow

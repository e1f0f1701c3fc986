#include "calibrate/calibrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "calibrate/calibration_text.h"
#include "support/simulated_texts.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

constexpr int kDraws = 10000;
/// Three standard errors of a share that is measured in kDraws draws, at most.
constexpr double kSlack = 0.015;

/// Calibrates on 60 new texts, kDraws times.
void ForEachDraw(uint64_t seed, const CalibrationOptions& options, const std::function<void(const Manifest&)>& look) {
  SimulatedTexts texts(seed);
  for (int draw = 0; draw < kDraws; ++draw) {
    texts.Draw(60);
    Manifest manifest;
    const HeldOutTexts held_out = texts.HeldOut();
    const auto result = Calibrator(held_out, options).Calibrate(manifest);
    ASSERT_TRUE(result) << result.error().Text();
    look(manifest);
  }
}

TEST(Calibrator, ThresholdsKeepTheirFalsePositiveRateInTenThousandDraws) {
  const CalibrationOptions options{.max_fpr = 0.2, .confidence = 0.8};
  std::array<int, 3> violations = {};
  ForEachDraw(1, options, [&](const Manifest& manifest) {
    const Calibration calibration = CalibrationOf(manifest);
    const Thresholds& thresholds = manifest.thresholds;
    violations[0] += TrueFpr(calibration, thresholds.strict) > 2 * 0.2 ? 1 : 0;
    violations[1] += TrueFpr(calibration, thresholds.moderate) > 0.2 ? 1 : 0;
    violations[2] += TrueFpr(calibration, thresholds.lenient) > thresholds.guarantee->lenient_max_fpr ? 1 : 0;
  });
  for (const int count : violations) EXPECT_LE(static_cast<double>(count) / kDraws, 1 - 0.8 + kSlack);
  EXPECT_GT(violations[1], kDraws / 20);  // and is no stricter than it has to be
}

TEST(Calibrator, AbstentionKeepsItsErrorRateInTenThousandDraws) {
  const CalibrationOptions options{.max_error = 0.1};
  double error = 0;
  ForEachDraw(2, options, [&](const Manifest& manifest) {
    error += TrueErrorAnswered(CalibrationOf(manifest), manifest.abstain->moderate) / kDraws;
  });
  EXPECT_LE(error, 0.1 + 0.002);
  EXPECT_GT(error, 0.05);                // and abstains no more often than it has to
  EXPECT_GT(NormalTail(1), 0.1 + 0.05);  // without abstention it would not be kept
}

TEST(Calibrator, AGuaranteeIsKeptWhenTheModelIsCalibratedAgain) {
  constexpr int kFewerDraws = 400;  // each fits a vector many times
  SimulatedTexts texts(3);
  int violations = 0;
  for (int draw = 0; draw < kFewerDraws; ++draw) {
    texts.Draw(120);
    Manifest manifest;
    const HeldOutTexts first = texts.HeldOut();
    ASSERT_TRUE(Calibrator(first, {.max_fpr = 0.2, .confidence = 0.8, .max_error = 0.15}).Calibrate(manifest));
    texts.Draw(150);
    const HeldOutTexts second = texts.HeldOut();
    const auto again = Calibrator(second, {.calibration = CalibrationChoice::kVector}).Calibrate(manifest);
    ASSERT_TRUE(again) << again.error().Text();
    ASSERT_EQ(manifest.calibration->calibration.method, CalibrationMethod::kVector);
    ASSERT_TRUE(manifest.thresholds.guarantee);
    EXPECT_EQ(manifest.thresholds.guarantee->max_fpr, 0.2);
    EXPECT_EQ(manifest.thresholds.guarantee->confidence, 0.8);
    EXPECT_EQ(manifest.abstain->max_error, 0.15);
    EXPECT_THAT(again->notes, testing::Contains(HasSubstr("to keep the previous guarantee")));
    violations += TrueFpr(CalibrationOf(manifest), manifest.thresholds.moderate) > 0.2 ? 1 : 0;
  }
  EXPECT_LE(static_cast<double>(violations) / kFewerDraws, 1 - 0.8 + 0.06);
}

TEST(Calibrator, NoChoiceSeesTheTextsOfAnother) {
  const CalibrationOptions options{
      .calibration = CalibrationChoice::kVector, .max_fpr = 0.2, .confidence = 0.8, .max_error = 0.05};
  SimulatedTexts texts(4);
  texts.Draw(300);
  const auto calibrated = [&] {
    Manifest manifest;
    const HeldOutTexts held_out = texts.HeldOut();
    const auto result = Calibrator(held_out, options).Calibrate(manifest);
    EXPECT_TRUE(result) << result.error().Text();
    return manifest;
  };
  const CalibrationPartition partition = PartitionTexts(options, 300, 2, /*multi_label=*/false, /*pooled=*/false);
  ASSERT_EQ(partition.parts(), 3u);
  const auto change = [&](const std::vector<size_t>& part) {
    for (const size_t t : part) texts.logits[2 * t + 1] = 0.5f * texts.logits[2 * t + 1] - 0.25f;
  };
  const Manifest before = calibrated();
  change(partition.abstention);
  const Manifest other_abstention = calibrated();
  EXPECT_EQ(other_abstention.calibration->calibration, before.calibration->calibration);
  EXPECT_EQ(other_abstention.thresholds.moderate, before.thresholds.moderate);
  EXPECT_NE(other_abstention.abstain->moderate, before.abstain->moderate);
  change(partition.thresholds);
  const Manifest other_thresholds = calibrated();
  EXPECT_EQ(other_thresholds.calibration->calibration, before.calibration->calibration);
  EXPECT_NE(other_thresholds.thresholds.moderate, before.thresholds.moderate);
  change(partition.fit);
  EXPECT_NE(calibrated().calibration->calibration, before.calibration->calibration);
}

TEST(Thresholds, AroundAnyNumberAreMoreThan0AndLessThan1) {
  for (const double moderate : {1e-12, 0.0001, 0.5, 0.9999, 0.9999999}) {
    const Thresholds thresholds = ThresholdsAround(moderate);
    EXPECT_GT(static_cast<float>(thresholds.strict), 0.0f) << moderate;
    EXPECT_LT(thresholds.strict, moderate);
    EXPECT_EQ(thresholds.moderate, moderate);
    EXPECT_GT(thresholds.lenient, moderate);
    EXPECT_LT(static_cast<float>(thresholds.lenient), 1.0f) << moderate;
  }
  EXPECT_EQ(ThresholdsAround(0.5).strict, 0.3);
  EXPECT_EQ(ThresholdsAround(0.5).lenient, 0.7);
  EXPECT_NEAR(ThresholdsAround(0.0001).strict, 0.0000429, 1e-15);
}

TEST(Thresholds, OfALabelWithTinyProbabilitiesSeparateThem) {
  std::vector<float> probabilities;
  std::vector<std::vector<int32_t>> truth;
  for (int t = 0; t < 400; ++t) {
    probabilities.push_back(t % 20 == 0 ? 2e-5f : 1e-5f);
    truth.push_back(t % 20 == 0 ? std::vector<int32_t>{0} : std::vector<int32_t>{});
  }
  Thresholds thresholds;
  SetBestF1Thresholds(probabilities, truth, std::vector<std::string>{"rare"}, thresholds);
  EXPECT_GT(static_cast<float>(thresholds.labels.at("rare")), 1e-5f);
  EXPECT_LE(static_cast<float>(thresholds.labels.at("rare")), 2e-5f);
}

TEST(Calibrator, KeepingTheCalibrationChangesThresholdsOnly) {
  SimulatedTexts texts(5);
  texts.Draw(100);
  Manifest manifest;
  manifest.temperature = 1.5;
  const HeldOutTexts held_out = texts.HeldOut();
  const auto result = Calibrator(held_out, {.calibration = CalibrationChoice::kKeep, .max_fpr = 0.2, .confidence = 0.8})
                          .Calibrate(manifest);
  ASSERT_TRUE(result) << result.error().Text();
  EXPECT_EQ(manifest.temperature, 1.5);
  EXPECT_FALSE(manifest.calibration);
  EXPECT_TRUE(manifest.thresholds.guarantee);
  EXPECT_EQ(CalibrationLine(*result), "temperature 1.50");
}

TEST(Calibrator, TheSameTextsGiveTheSameResult) {
  SimulatedTexts texts(6);
  texts.Draw(150);
  const auto report = [&] {
    Manifest manifest;
    const HeldOutTexts held_out = texts.HeldOut();
    const auto result = Calibrator(held_out, {.max_fpr = 0.2, .max_error = 0.1}).Calibrate(manifest);
    EXPECT_TRUE(result) << result.error().Text();
    return CalibrationReportText(*result) + CalibrationReportJson(*result, manifest).dump();
  };
  const std::string once = report();
  EXPECT_THAT(once, HasSubstr("thresholds"));
  EXPECT_THAT(once, HasSubstr("confidence threshold"));
  EXPECT_EQ(report(), once);
}

}  // namespace
}  // namespace winnow

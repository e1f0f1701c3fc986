#include "server/raw_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace winnow {
namespace {

std::vector<float> Probabilities(const Calibration& calibration, const std::vector<float>& logits, bool multi_label) {
  std::vector<float> probabilities(logits.size());
  Calibrate(calibration, logits, logits.size(), multi_label, probabilities);
  return probabilities;
}

TEST(RawScores, UndoATemperature) {
  const Calibration calibration{.temperature = 1.7};
  const std::vector<float> logits = {2.5f, -1, 0.25f};
  const auto single = RawScores(calibration, Probabilities(calibration, logits, false), false);
  const auto multi = RawScores(calibration, Probabilities(calibration, logits, true), true);
  const float mean = (2.5f - 1 + 0.25f) / 3;
  for (size_t i = 0; i < logits.size(); ++i) {
    EXPECT_NEAR(single[i], logits[i] - mean, 1e-4);
    EXPECT_NEAR(multi[i], logits[i], 1e-4);
  }
}

TEST(RawScores, UndoTheCalibrationOfEachLabel) {
  const std::vector<float> logits = {2.5f, -1};
  const Calibration own{.temperatures = {.5, 3}};
  const Calibration vector{.method = CalibrationMethod::kVector, .scale = {.5, 2}, .bias = {1, -1}};
  for (const Calibration& calibration : {own, vector}) {
    const auto scores = RawScores(calibration, Probabilities(calibration, logits, true), true);
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(scores[i], logits[i], 1e-4);
  }
}

TEST(RawScores, AreCalibratedLogitsIfTheCalibrationCannotBeUndone) {
  const Calibration vector{.method = CalibrationMethod::kVector, .scale = {.5, 2}, .bias = {1, -1}};
  const std::vector<float> probabilities = Probabilities(vector, {2.5f, -1}, false);
  const auto scores = RawScores(vector, probabilities, false);
  EXPECT_EQ(Probabilities({}, scores, false).size(), 2u);
  EXPECT_NEAR(Probabilities({}, scores, false)[0], probabilities[0], 1e-6);
}

TEST(RawScores, AreFinite) {
  for (const bool multi_label : {false, true}) {
    for (const float score : RawScores({}, std::vector<float>{0, 1}, multi_label)) EXPECT_TRUE(std::isfinite(score));
  }
}

}  // namespace
}  // namespace winnow

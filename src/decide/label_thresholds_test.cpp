#include "decide/label_thresholds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

double F1At(float threshold, std::span<const float> scores, std::span<const std::vector<int32_t>> truth) {
  double hits = 0, decided = 0, positives = 0;
  for (size_t t = 0; t < truth.size(); ++t) {
    const bool has = !truth[t].empty(), says = scores[t] >= threshold;
    hits += has && says;
    decided += says;
    positives += has;
  }
  return decided + positives == 0 ? 0 : 2 * hits / (decided + positives);
}

TEST(LabelThresholds, NoOtherThresholdHasABetterF1) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed, "scores");
    std::vector<float> scores;
    std::vector<std::vector<int32_t>> truth;
    for (int t = 0; t < 300; ++t) {
      const bool has = random.Below(10) == 0;
      // A rare label whose scores stay low, with many ties.
      const double score = (has ? 0.35 : 0.1) + 0.1 * random.Normal();
      scores.push_back(std::round(std::clamp(static_cast<float>(score), 0.0f, 1.0f) * 50) / 50);
      truth.push_back(has ? std::vector<int32_t>{0} : std::vector<int32_t>{});
    }
    const float chosen = BestF1Thresholds(scores, truth, 1)[0];
    const double best = F1At(chosen, scores, truth);
    for (int i = 0; i <= 1000; ++i) {
      EXPECT_LE(F1At(static_cast<float>(i) / 1000, scores, truth), best + 1e-12) << "seed " << seed << " at " << i;
    }
  }
}

TEST(LabelThresholds, ALabelOfTooFewTextsKeepsOneHalf) {
  const std::vector<float> scores = {0.1f, 0.2f, 0.9f, 0.05f};
  const std::vector<std::vector<int32_t>> truth = {{0}, {}, {}, {}};
  EXPECT_EQ(BestF1Thresholds(scores, truth, 1), std::vector<float>{0.5f});
  EXPECT_NE(BestF1Thresholds(scores, truth, 1, /*least=*/1), std::vector<float>{0.5f});
}

TEST(LabelThresholds, ScoresThatOneHalfDividesKeepIt) {
  std::vector<float> scores;
  std::vector<std::vector<int32_t>> truth;
  for (int t = 0; t < 40; ++t) {
    scores.push_back(t % 2 == 0 ? 0.95f : 0.05f);
    truth.push_back(t % 2 == 0 ? std::vector<int32_t>{0} : std::vector<int32_t>{});
  }
  EXPECT_EQ(BestF1Thresholds(scores, truth, 1), std::vector<float>{0.5f});
}

TEST(LabelThresholds, ModesMoveEachLabelInTheirDirection) {
  const ModeThresholds modes;
  EXPECT_FLOAT_EQ(ThresholdInMode(0.5f, modes, Mode::kStrict), 0.3f);
  EXPECT_FLOAT_EQ(ThresholdInMode(0.5f, modes, Mode::kLenient), 0.7f);
  EXPECT_EQ(ThresholdInMode(0.2f, modes, Mode::kModerate), 0.2f);
  EXPECT_LT(ThresholdInMode(0.2f, modes, Mode::kStrict), 0.2f);
  EXPECT_GT(ThresholdInMode(0.2f, modes, Mode::kLenient), 0.2f);
  for (const float extreme : {0.0f, 1.0f}) {
    for (const Mode mode : {Mode::kStrict, Mode::kLenient}) {
      EXPECT_TRUE(std::isfinite(ThresholdInMode(extreme, modes, mode)));
    }
  }
}

}  // namespace
}  // namespace winnow

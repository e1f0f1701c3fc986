#include "decide/label_thresholds.h"

#include <gtest/gtest.h>

#include <algorithm>
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
      if (static_cast<float>(i) / 1000 <= *std::ranges::min_element(scores))
        continue;  // assigns the label to all texts
      EXPECT_LE(F1At(static_cast<float>(i) / 1000, scores, truth), best + 1e-12) << "seed " << seed << " at " << i;
    }
  }
}

TEST(LabelThresholds, ScoresThatAreNearlyZeroKeepAThresholdThatSeparatesThem) {
  std::vector<float> scores;
  std::vector<std::vector<int32_t>> truth;
  for (int t = 0; t < 1000; ++t) {
    scores.push_back(t % 50 == 0 ? 4e-5f : 5e-6f);
    truth.push_back(t % 50 == 0 ? std::vector<int32_t>{0} : std::vector<int32_t>{});
  }
  EXPECT_EQ(F1At(BestF1Thresholds(scores, truth, 1)[0], scores, truth), 1);
  // Neighbouring floats too.
  for (const float high : {4e-5f, 0.5f, 0.7f, kGreatestThreshold}) {
    std::ranges::fill(scores, std::nextafter(high, 0.0f));
    for (size_t t = 0; t < scores.size(); t += 50) scores[t] = high;
    EXPECT_EQ(BestF1Thresholds(scores, truth, 1)[0], high);
  }
}

TEST(LabelThresholds, NoLabelIsAssignedToAllTexts) {
  // Scores that say nothing about the label: the F1 of assigning it to all texts would be the greatest.
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed, "nothing");
    std::vector<float> scores;
    std::vector<std::vector<int32_t>> truth;
    for (int t = 0; t < 300; ++t) {
      scores.push_back(static_cast<float>(0.001 + 0.001 * random.Uniform()));
      truth.push_back(random.Below(10) == 0 ? std::vector<int32_t>{0} : std::vector<int32_t>{});
    }
    const float chosen = BestF1Thresholds(scores, truth, 1)[0];
    EXPECT_GT(chosen, *std::ranges::min_element(scores));
    EXPECT_LE(chosen, *std::ranges::max_element(scores));
  }
  const std::vector<float> equal(40, 0.2f);
  std::vector<std::vector<int32_t>> half(40);
  for (size_t t = 0; t < 20; ++t) half[t] = {0};
  EXPECT_EQ(BestF1Thresholds(equal, half, 1), std::vector<float>{0.5f});
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

TEST(LabelThresholds, AreAsNearToOneHalfAsTheMiddleOfTheGapAllows) {
  const auto best = [](const std::vector<std::pair<float, bool>>& texts) {
    std::vector<float> scores;
    std::vector<std::vector<int32_t>> truth;
    for (const auto& [score, has] : texts) {
      scores.push_back(score);
      truth.push_back(has ? std::vector<int32_t>{0} : std::vector<int32_t>{});
    }
    return BestF1Thresholds(scores, truth, 1, /*least=*/1)[0];
  };
  EXPECT_FLOAT_EQ(best({{0.9f, true}, {0.7f, false}}), 0.75f);
  EXPECT_FLOAT_EQ(best({{0.3f, true}, {0.1f, false}}), 0.25f);
  // An F1 of 2/3 above .8 and above .1 alike: the threshold nearer to .5.
  EXPECT_FLOAT_EQ(best({{0.9f, true}, {0.8f, false}, {0.7f, false}, {0.55f, true}, {0.1f, false}}), 0.4375f);
  EXPECT_FLOAT_EQ(best({{0.9f, true}, {0.3f, false}, {0.2f, false}, {0.15f, true}, {0.1f, false}}), 0.5f);
}

TEST(LabelThresholds, EachLabelHasTheThresholdOfItsOwnScores) {
  Random random(3, "labels");
  std::vector<float> rows;
  std::vector<std::vector<float>> columns(3);
  std::vector<std::vector<int32_t>> truth(200);
  for (std::vector<int32_t>& of_text : truth) {
    for (int32_t label = 0; label < 3; ++label) {
      const bool has = label == 2 ? &of_text != &truth[0] : random.Below(3) == 0;
      if (has) of_text.push_back(label);
      const double score = 0.2 + 0.2 * label + (has ? 0.15 : 0) + 0.1 * random.Uniform();
      rows.push_back(static_cast<float>(score));
      columns[static_cast<size_t>(label)].push_back(rows.back());
    }
  }
  const std::vector<float> thresholds = BestF1Thresholds(rows, truth, 3);
  for (int32_t label = 0; label < 2; ++label) {
    std::vector<std::vector<int32_t>> alone;
    for (const std::vector<int32_t>& of_text : truth)
      alone.push_back(std::ranges::count(of_text, label) > 0 ? std::vector<int32_t>{0} : std::vector<int32_t>{});
    const auto at = static_cast<size_t>(label);
    EXPECT_EQ(thresholds[at], BestF1Thresholds(columns[at], alone, 1)[0]) << label;
    EXPECT_EQ(F1At(thresholds[at], columns[at], alone), 1) << label;
  }
  EXPECT_EQ(thresholds[2], 0.5f) << "nearly every text has the label";
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
      EXPECT_GT(ThresholdInMode(extreme, modes, mode), 0.0f);
      EXPECT_LT(ThresholdInMode(extreme, modes, mode), 1.0f);
    }
  }
  for (const float small : {1e-7f, 1e-12f, 1e-30f}) {
    EXPECT_LT(ThresholdInMode(small, modes, Mode::kStrict), small);
    EXPECT_GT(ThresholdInMode(small, modes, Mode::kLenient), small);
  }
}

}  // namespace
}  // namespace winnow

#include "evaluate/ranking.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace winnow {
namespace {

TEST(RocAuc, EqualsScikitLearnOnItsOwnExamples) {
  // scikit-learn 1.9.1: roc_auc_score([0, 0, 1, 1], [.1, .4, .35, .8]) == 0.75; all scores equal: 0.5
  EXPECT_EQ(RocAuc(std::array{0.1F, 0.4F, 0.35F, 0.8F}, 1, std::array<uint8_t, 4>{0, 0, 1, 1}), 0.75);
  EXPECT_EQ(RocAuc(std::array{0.5F, 0.5F, 0.5F, 0.5F}, 1, std::array<uint8_t, 4>{0, 1, 0, 1}), 0.5);
}

TEST(RocAuc, IsTheShareOfPairsWonInAnyArrangementOfSixTexts) {
  // Every ranking with ties of 6 texts on 3 levels and every truth, against counting pairs.
  for (int levels = 0; levels < 729; ++levels) {
    std::array<float, 6> scores;
    for (int i = 0, rest = levels; i < 6; ++i, rest /= 3) scores[static_cast<size_t>(i)] = static_cast<float>(rest % 3);
    for (int mask = 0; mask < 64; ++mask) {
      std::array<uint8_t, 6> truth;
      for (int i = 0; i < 6; ++i) truth[static_cast<size_t>(i)] = static_cast<uint8_t>((mask >> i) & 1);
      double won = 0;
      int pairs = 0;
      for (size_t a = 0; a < 6; ++a) {
        for (size_t b = 0; b < 6; ++b) {
          if (truth[a] != 1 || truth[b] != 0) continue;
          ++pairs;
          won += scores[a] > scores[b] ? 1.0 : scores[a] == scores[b] ? 0.5 : 0.0;
        }
      }
      const auto area = RocAuc(scores, 1, truth);
      ASSERT_EQ(area.has_value(), pairs > 0);
      if (area) {
        ASSERT_DOUBLE_EQ(*area, won / pairs);
      }
    }
  }
}

TEST(RocAuc, ReadsOneColumnByItsStride) {
  const std::array<float, 6> rows = {0.1F, 9, 0.2F, 3, 0.3F, 5};
  EXPECT_EQ(RocAuc(rows, 2, std::array<uint8_t, 3>{0, 0, 1}), 1.0);
  EXPECT_EQ(RocAuc(std::span(rows).subspan(1), 2, std::array<uint8_t, 3>{0, 0, 1}), 0.5);
}

TEST(RocAuc, IsNoneWhereOneKindIsMissing) {
  EXPECT_FALSE(RocAuc({}, 1, {}));
  EXPECT_FALSE(RocAuc(std::array{0.5F}, 1, std::array<uint8_t, 1>{1}));
  EXPECT_FALSE(RocAuc(std::array{0.5F, 0.2F}, 1, std::array<uint8_t, 2>{0, 0}));
}

TEST(CalibrationError, IsTheWeightedGapOfItsBins) {
  CalibrationError error;
  EXPECT_FALSE(error.Value());
  for (int i = 0; i < 10; ++i) error.Add(0.9, i < 8);  // a gap of .1
  for (int i = 0; i < 30; ++i) error.Add(0.6, i < 9);  // a gap of .3
  EXPECT_NEAR(error.Value().value(), (10 * 0.1 + 30 * 0.3) / 40, 1e-12);
}

TEST(CalibrationError, PutsTheEndsIntoTheOuterBins) {
  CalibrationError error;
  error.Add(0.0, true);
  error.Add(0.05, false);  // shares the first bin: |.05 - 1| of two
  EXPECT_NEAR(error.Value().value(), 0.95 / 2, 1e-12);
  CalibrationError certain;
  certain.Add(1.0, true);
  EXPECT_EQ(certain.Value(), 0.0);
}

}  // namespace
}  // namespace winnow

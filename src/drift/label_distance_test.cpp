#include "drift/label_distance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

using Decisions = std::vector<std::vector<int32_t>>;

/// Decisions for labels of equal shares, of which `moved` go to label 0.
Decisions Single(size_t texts, uint32_t labels, double moved, uint64_t seed) {
  Random random(seed, "decisions");
  Decisions decisions;
  for (size_t t = 0; t < texts; ++t) {
    const bool moves = random.Uniform() < moved;
    decisions.push_back({moves ? 0 : static_cast<int32_t>(random.Below(labels))});
  }
  return decisions;
}

/// Returns the number of seeds, of 40, for which the distance is beyond chance and above the limit of drift.
int Beyond(size_t texts, uint32_t labels, double moved) {
  int beyond = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const LabelDistance distance = CompareDecisions(Single(texts, labels, 0, 2 * seed),
                                                    Single(texts, labels, moved, 2 * seed + 1), labels, false, seed);
    beyond += distance.value > distance.chance && distance.value > .1 ? 1 : 0;
  }
  return beyond;
}

// With 77 labels and 500 texts, samples of one distribution are .22 apart.
TEST(LabelDistance, OfManyLabelsIsChanceWhereNothingChanged) {
  EXPECT_LE(Beyond(100, 77, 0), 2);
  EXPECT_LE(Beyond(500, 77, 0), 2);
  EXPECT_LE(Beyond(1500, 77, 0), 2);
}

TEST(LabelDistance, OfFewTextsIsChanceWhereNothingChanged) {
  EXPECT_LE(Beyond(20, 2, 0), 2);
  EXPECT_LE(Beyond(50, 2, 0), 2);
}

TEST(LabelDistance, FindsATenthAndMoreThatMoved) {
  EXPECT_GE(Beyond(500, 77, .2), 38);
  EXPECT_GE(Beyond(1500, 77, .11), 38);
  EXPECT_GE(Beyond(500, 2, .4), 38);
}

// Of 2 labels with shares of about 1/2, the distance exceeds 2.576 * sqrt(1/4 * (1/n + 1/m)) with a probability of 1 %.
TEST(LabelDistance, ChanceIsThatOfTheNormalDistribution) {
  double mean = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    mean += CompareDecisions(Single(400, 2, 0, seed), Single(1600, 2, 0, seed + 100), 2, false, seed).chance / 20;
  }
  EXPECT_NEAR(mean, 2.576 * std::sqrt(.25 * (1.0 / 400 + 1.0 / 1600)), .008);
}

TEST(LabelDistance, IsTotalVariationOfLabelsThatExcludeEachOther) {
  const LabelDistance distance =
      CompareDecisions(Decisions{{0}, {0}, {1}, {2}}, Decisions{{0}, {1}, {1}, {1}}, 3, false);
  EXPECT_EQ(distance.reference, (std::vector<double>{.5, .25, .25}));
  EXPECT_DOUBLE_EQ(distance.value, .5);
}

// All labels three times as frequent, in the same mixture, and without any label at all in the rest of the texts.
TEST(LabelDistance, OfMultiLabelModelsComparesSharesOfTexts) {
  const auto texts = [](size_t with_labels) {
    Decisions decisions(1000);
    for (size_t t = 0; t < with_labels; ++t) decisions[t] = t % 5 == 0 ? std::vector{0} : std::vector{0, 1};
    return decisions;
  };
  const LabelDistance distance = CompareDecisions(texts(50), texts(200), 2, true);
  EXPECT_DOUBLE_EQ(distance.reference[0], .05);
  EXPECT_DOUBLE_EQ(distance.current[0], .2);
  EXPECT_DOUBLE_EQ(distance.value, .15);
  EXPECT_LT(distance.chance, .06);
  EXPECT_EQ(CompareDecisions(texts(0), texts(0), 2, true).value, 0);
}

TEST(LabelDistance, IsTheSameEachTime) {
  const Decisions first = Single(300, 20, 0, 1), second = Single(200, 20, 0, 2);
  EXPECT_EQ(CompareDecisions(first, second, 20, false).chance, CompareDecisions(first, second, 20, false).chance);
}

}  // namespace
}  // namespace winnow

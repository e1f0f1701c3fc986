#include "drift/effect_size.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

// scipy.stats.ks_2samp([.1, .4, .4, .7], [.4, .5, .6, .8, .9]).statistic is 0.55 (SciPy 1.15).
TEST(EffectSize, DistributionDistanceIsThatOfKolmogorovAndSmirnov) {
  EXPECT_NEAR(DistributionDistance({.1, .4, .4, .7}, {.4, .5, .6, .8, .9}), .55, 1e-12);
  EXPECT_EQ(DistributionDistance({1, 2, 3}, {3, 1, 2}), 0);
  EXPECT_EQ(DistributionDistance({1, 2}, {3, 4, 5}), 1);
  EXPECT_NEAR(DistributionDistance({1, 1, 1, 2}, {1, 2}), .25, 1e-12);
}

TEST(EffectSize, DistributionDistanceDoesNotGrowWithTheNumberOfTexts) {
  std::vector<double> first, second;
  for (int i = 0; i < 100000; ++i) {
    first.push_back(i % 10);
    second.push_back(i % 10 == 0 ? 9 : i % 10);
  }
  EXPECT_NEAR(DistributionDistance(first, second), .1, 1e-9);
}

// scipy.stats.kstwobign.isf(.01) * sqrt(1/500 + 1/500) is 0.10294 (SciPy 1.15).
TEST(EffectSize, ChanceIsTheCriticalValueOfSmirnov) {
  EXPECT_NEAR(ChanceOfDistributionDistance(500, 500), .10294, 1e-4);
  EXPECT_NEAR(ChanceOfDistributionDistance(516, 3000), 1.6276 * std::sqrt(3516.0 / (516 * 3000)), 1e-4);
  EXPECT_EQ(ChanceOfDistributionDistance(1, 1), 1);
}

TEST(EffectSize, SamplesOfOneDistributionSeldomExceedChance) {
  int exceeding = 0;
  Random random(7, "values");
  for (int run = 0; run < 500; ++run) {
    std::vector<double> first(50), second(200);
    for (double& value : first) value = random.Uniform();
    for (double& value : second) value = random.Uniform();
    exceeding += DistributionDistance(first, second) > ChanceOfDistributionDistance(50, 200) ? 1 : 0;
  }
  EXPECT_LE(exceeding, 10) << "5 on average";
}

TEST(EffectSize, TotalVariationIsTheShareOfTextsWithAnotherLabel) {
  EXPECT_NEAR(TotalVariation(std::vector<double>{.5, .3, .2}, std::vector<double>{.4, .3, .3}), .1, 1e-12);
  EXPECT_EQ(TotalVariation(std::vector<double>{1, 0}, std::vector<double>{0, 1}), 1);
}

}  // namespace
}  // namespace winnow

#include "evaluate/mcnemar.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

// statsmodels' mcnemar(exact=True) is min(1, 2 * scipy.stats.binom.cdf(min(b, c), b + c, .5)), from which these are.
TEST(McNemar, IsTheBinomialsTwoTails) {
  EXPECT_NEAR(McNemarTest(1, 9).p_value, 0.021484375, 1e-15);  // 2 * (1 + 10) / 1024
  EXPECT_NEAR(McNemarTest(5, 15).p_value, 0.04138946533203125, 1e-13);
  EXPECT_NEAR(McNemarTest(59, 6).p_value, 4.964650327128616e-12, 1e-22);
  EXPECT_NEAR(McNemarTest(6, 59).p_value, 4.964650327128616e-12, 1e-22);
  EXPECT_NEAR(McNemarTest(400, 460).p_value, 0.04416954819458914, 1e-11);
  EXPECT_NEAR(McNemarTest(3000, 3300).p_value, 0.00016475607669748363, 1e-13);
}

TEST(McNemar, IsOneWithoutEvidenceOfADifference) {
  EXPECT_EQ(McNemarTest(0, 0).p_value, 1);
  EXPECT_EQ(McNemarTest(0, 1).p_value, 1);
  EXPECT_EQ(McNemarTest(10, 10).p_value, 1);
}

TEST(McNemar, HasEdwardsCorrectionInItsApproximation) {
  EXPECT_DOUBLE_EQ(McNemarTest(1, 9).chi_squared, 4.9);
  EXPECT_DOUBLE_EQ(McNemarTest(59, 6).chi_squared, 41.6);
  EXPECT_EQ(McNemarTest(10, 10).chi_squared, 0);
}

TEST(McNemar, HoldsForMillionsOfTexts) {
  EXPECT_NEAR(McNemarTest(1'000'000, 1'000'000).p_value, 1, 1e-6);
  EXPECT_LT(McNemarTest(1'000'000, 1'010'000).p_value, 1e-11);
  EXPECT_GT(McNemarTest(1'000'000, 1'010'000).p_value, 1e-13);
}

}  // namespace
}  // namespace winnow

#include "evaluate/cross_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/example_folds.h"

namespace winnow {
namespace {

TEST(CrossValidation, SpreadIsMeanAndSampleDeviation) {
  const auto spread = SpreadOf(ExampleFolds(), "accuracy");
  ASSERT_TRUE(spread);
  EXPECT_NEAR(spread->mean, 0.85, 1e-12);             // of .95, .9 and .7
  EXPECT_NEAR(spread->deviation, 0.132287566, 1e-9);  // numpy.std([.95, .9, .7], ddof=1)
  EXPECT_FALSE(SpreadOf(ExampleFolds(), "no such metric"));
  CrossValidation one = ExampleFolds();
  one.folds.resize(1);
  EXPECT_FALSE(SpreadOf(one, "accuracy"));
}

TEST(CrossValidation, MetricThatAFoldDoesNotDefineHasNoMean) {
  CrossValidation result = ExampleFolds();
  result.folds[1].metrics.roc_auc.reset();
  EXPECT_FALSE(SpreadOf(result, "roc_auc"));
}

}  // namespace
}  // namespace winnow

#include "evaluate/cross_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

const std::vector<std::string> kLabels = {"ham", "spam"};

/// Of texts that alternate between the labels, the first `wrong` of them decided wrongly.
Metrics Of(size_t texts, size_t wrong) {
  std::vector<float> probabilities;
  std::vector<int32_t> truth;
  for (size_t i = 0; i < texts; ++i) {
    truth.push_back(static_cast<int32_t>(i % 2));
    const bool spam = (i % 2 == 1) != (i < wrong);
    probabilities.push_back(spam ? 0.2f : 0.9f);
    probabilities.push_back(spam ? 0.8f : 0.1f);
  }
  return ComputeMetrics(probabilities, truth, kLabels, {.positive_label = 1}).value();
}

CrossValidation Example() {
  CrossValidation result;
  for (const size_t wrong : {1u, 2u, 6u}) {
    result.folds.push_back({.train = 70, .validation = 10, .best_epoch = 2, .seconds = 1.5, .metrics = Of(20, wrong)});
  }
  result.pooled = Of(60, 9);
  return result;
}

TEST(CrossValidation, SpreadIsMeanAndSampleDeviation) {
  const auto spread = SpreadOf(Example(), "accuracy");
  ASSERT_TRUE(spread);
  EXPECT_NEAR(spread->mean, 0.85, 1e-12);             // of .95, .9 and .7
  EXPECT_NEAR(spread->deviation, 0.132287566, 1e-9);  // numpy.std([.95, .9, .7], ddof=1)
  EXPECT_FALSE(SpreadOf(Example(), "no such figure"));
  CrossValidation one = Example();
  one.folds.resize(1);
  EXPECT_FALSE(SpreadOf(one, "accuracy"));
}

TEST(CrossValidation, AFigureThatAFoldDoesNotDefineHasNoMean) {
  CrossValidation result = Example();
  result.folds[1].metrics.roc_auc.reset();
  EXPECT_FALSE(SpreadOf(result, "roc_auc"));
}

}  // namespace
}  // namespace winnow

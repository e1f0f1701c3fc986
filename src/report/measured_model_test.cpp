#include "report/measured_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/evaluation.h"
#include "support/one_word_model.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::ElementsAre;

TEST(MeasuredOfFolds, HasTheDecisionsThatTheMetricsAreOf) {
  const TemporaryDirectory dir;
  WriteOneWordModel(dir.path(), "model", "prize", .9);
  FoldPredictions folds;
  folds.dataset.labels.names = {"ham", "spam"};
  for (const int32_t label : {0, 1, 1}) {
    folds.dataset.examples.push_back({.text = "text", .labels = {label}, .file = "", .row = 0});
  }
  folds.probabilities = {.8F, .2F, .4F, .6F, .1F, .9F};
  folds.decided = {{0}, {0}, {1}};  // by a threshold of .7
  const std::vector<std::vector<int32_t>> truth = {{0}, {1}, {1}};
  folds.pooled = ComputeMetricsOfSets(folds.probabilities, truth, folds.dataset.labels.names, false,
                                      {.positive_label = 1, .bootstrap_resamples = 0}, folds.decided)
                     .value();
  const MeasuredModel measured = MeasuredOfFolds(dir.path(), std::move(folds)).value();
  EXPECT_THAT(measured.decided.decided, ElementsAre(ElementsAre(0), ElementsAre(0), ElementsAre(1)));
  EXPECT_THAT(measured.decided.confidence, ElementsAre(.8F, .4F, .9F));
  int64_t right = 0;
  for (size_t text = 0; text < measured.decided.size(); ++text) right += measured.decided.Right(text) ? 1 : 0;
  EXPECT_EQ(right, measured.metrics.confusion[0] + measured.metrics.confusion[3]);
}

}  // namespace
}  // namespace winnow

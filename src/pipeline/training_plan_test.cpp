#include "pipeline/training_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

namespace winnow {
namespace {

TEST(CheckPlan, AcceptsTheDefaults) {
  const auto checked = CheckPlan(TrainingPlan());
  EXPECT_TRUE(checked) << checked.error().Text();
}

TEST(CheckPlan, NamesTheOptionWhoseValueMakesNoSense) {
  const std::vector<std::pair<const char*, std::function<void(TrainingPlan&)>>> wrong = {
      {"--epochs", [](TrainingPlan& plan) { plan.trainer.epochs = 0; }},
      {"--lr:", [](TrainingPlan& plan) { plan.trainer.lr = 0; }},
      {"--lr-scheduler", [](TrainingPlan& plan) { plan.trainer.lr_scheduler = "linaer"; }},
      {"--class-weights", [](TrainingPlan& plan) { plan.trainer.class_weights = ""; }},
      {"--precision", [](TrainingPlan& plan) { plan.trainer.precision = "f8"; }},
      {"--kind", [](TrainingPlan& plan) { plan.model.kind = "tree"; }},
      {"--max-length", [](TrainingPlan& plan) { plan.model.max_length = 2; }},
      {"--dropout", [](TrainingPlan& plan) { plan.model.dropout = 1; }},
      {"--attention-dropout", [](TrainingPlan& plan) { plan.model.attention_dropout = 1; }},
      {"--test-size", [](TrainingPlan& plan) { plan.data.test_size = 1; }},
      {"--problem-type", [](TrainingPlan& plan) { plan.data.reading.problem_type = "both"; }},
      {"--synthetic-share", [](TrainingPlan& plan) { plan.data.synthetic_share = -0.1; }},
      {"--C", [](TrainingPlan& plan) { plan.linear.C = std::nan(""); }},
      {"--analyzer", [](TrainingPlan& plan) { plan.linear.analyzer = "line"; }},
      {"--max-fpr", [](TrainingPlan& plan) { plan.calibration.max_fpr = 0.5; }},
      {"--metric", [](TrainingPlan& plan) { plan.trainer.metric = "f1_marco"; }},
      {"--freeze", [](TrainingPlan& plan) { plan.trainer.freeze = "encodr"; }},
      {"--ngrams", [](TrainingPlan& plan) { plan.model.kind = "lr", plan.linear.ngrams = "3-1"; }},
      {"--tune-thresholds",
       [](TrainingPlan& plan) { plan.calibration.tune_thresholds = true, plan.calibration.max_fpr = 0.1; }},
      {"--confidence", [](TrainingPlan& plan) { plan.calibration.confidence = 1; }},
      {"--distil-weight", [](TrainingPlan& plan) { plan.distillation.weight = 2; }},
      {"--save-total-limit", [](TrainingPlan& plan) { plan.output.save_total_limit = 0; }},
      {"--teacher", [](TrainingPlan& plan) { plan.model.kind = "lr", plan.distillation.teacher = "teacher"; }}};
  for (const auto& [option, change] : wrong) {
    TrainingPlan plan;
    change(plan);
    const auto checked = CheckPlan(plan);
    ASSERT_FALSE(checked) << option;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(checked.error().message, testing::StartsWith(option));
  }
}

}  // namespace
}  // namespace winnow

#include "cli/train_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class TrainOptionsTest : public ::testing::Test {
 protected:
  TrainOptionsTest() {
    AddTrainOptions(options, table);
    AddCommonOptions(options, table);
  }
  Result<ParseOutcome> Parse(const std::vector<std::string>& arguments) {
    return table.Parse(arguments, {[](const std::string&) { return std::nullopt; }, {}});
  }
  TrainCommandOptions options;
  OptionTable table{"train", "Fine-tunes a classifier."};
};

TEST_F(TrainOptionsTest, HuggingFacesCommandLineIsUnderstood) {
  const auto parsed = Parse({"train.csv",
                             "--model_name_or_path",
                             "distilbert",
                             "--num_train_epochs",
                             "4.0",
                             "--per_device_train_batch_size",
                             "16",
                             "--learning_rate",
                             "5e-5",
                             "--warmup_ratio",
                             "0.06",
                             "--weight_decay",
                             "0",
                             "--lr_scheduler_type",
                             "cosine",
                             "--max_seq_length",
                             "256",
                             "--max_grad_norm",
                             "0.5",
                             "--output_dir",
                             "out",
                             "--overwrite_output_dir",
                             "--seed",
                             "7",
                             "--validation_file",
                             "val.csv",
                             "--text_column_name",
                             "body"});
  ASSERT_TRUE(parsed) << parsed.error().Text();
  EXPECT_THAT(options.plan.data.files, ElementsAre("train.csv"));
  EXPECT_EQ(options.plan.model.base_model, "distilbert");
  EXPECT_EQ(options.plan.trainer.epochs, 4);
  EXPECT_EQ(options.plan.trainer.batch_size, 16);
  EXPECT_EQ(options.plan.trainer.lr, 5e-5);
  EXPECT_EQ(options.plan.trainer.warmup_ratio, 0.06);
  EXPECT_EQ(options.plan.trainer.weight_decay, 0);
  EXPECT_EQ(options.plan.trainer.lr_scheduler, "cosine");
  EXPECT_EQ(options.plan.model.max_length, 256);
  EXPECT_EQ(options.plan.trainer.max_grad_norm, 0.5);
  EXPECT_EQ(options.plan.output.dir, "out");
  EXPECT_TRUE(options.plan.output.overwrite);
  EXPECT_EQ(options.plan.seed, 7u);
  EXPECT_EQ(options.plan.data.validation, "val.csv");
  EXPECT_EQ(options.plan.data.reading.text_field, "body");
}

TEST_F(TrainOptionsTest, TrainingArgumentsOfHuggingFaceAreFollowed) {
  const auto parsed = Parse({"a.csv",       "--eval_strategy",
                             "steps",       "--eval_steps",
                             "50",          "--save_strategy",
                             "no",          "--logging_steps",
                             "10",          "--load_best_model_at_end",
                             "True",        "--metric_for_best_model",
                             "macro_f1",    "--greater_is_better",
                             "True",        "--fp16",
                             "False",       "--bf16",
                             "False",       "--max_steps",
                             "120",         "--optim",
                             "adamw_torch", "--ignore_mismatched_sizes",
                             "True",        "--report_to",
                             "none",        "--dataloader_num_workers",
                             "2",           "--push_to_hub",
                             "False",       "--save_total_limit",
                             "2",           "--seed",
                             "3",           "--lr_scheduler_type",
                             "cosine",      "--device",
                             "cpu"});
  ASSERT_TRUE(parsed) << parsed.error().Text();
  const auto plan = PlanOf(options);
  ASSERT_TRUE(plan) << plan.error().Text();
  EXPECT_THAT(plan->data.files, ElementsAre("a.csv"));
  EXPECT_EQ(plan->trainer.eval_steps, 50);
  EXPECT_FALSE(plan->output.checkpoints);
  EXPECT_EQ(plan->trainer.max_steps, 120);
  EXPECT_EQ(plan->trainer.precision, "f32");
  EXPECT_TRUE(plan->model.reinit_head);
}

TEST_F(TrainOptionsTest, StrategiesDecideWhichStepsCount) {
  ASSERT_TRUE(Parse({"a.csv", "--evaluation-strategy", "epoch", "--eval-steps", "500", "--save-strategy", "epoch"}));
  EXPECT_EQ(PlanOf(options)->trainer.eval_steps, 0);
  ASSERT_TRUE(Parse({"a.csv", "--eval_strategy", "no"}));
  EXPECT_GT(PlanOf(options)->trainer.eval_steps, 1'000'000);
  ASSERT_TRUE(Parse({"a.csv", "--eval_strategy=steps"}));
  EXPECT_THAT(PlanOf(options).error().Text(), HasSubstr("--eval-strategy steps requires --eval-steps"));
  ASSERT_TRUE(Parse({"a.csv", "--metric", "loss", "--greater_is_better", "True"}));
  EXPECT_THAT(PlanOf(options).error().message, HasSubstr("a lower loss is the better one"));
  ASSERT_TRUE(Parse({"a.csv", "--resume_from_checkpoint", "True"}));
  EXPECT_TRUE(PlanOf(options)->output.resume);
}

TEST_F(TrainOptionsTest, WhatHasAnotherNameHereIsSaid) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"--fp16"}, "--precision bf16 or auto makes it faster"},
      {{"--optim", "adafactor"}, "the optimizer is AdamW"},
      {{"--push_to_hub"}, "upload the trained directory"},
      {{"--logging_dir", "logs"}, "--report-to tensorboard"},
      {{"--load_best_model_at_end", "false"}, "are always kept"},
      {{"--deepspeed", "ds.json"}, "one machine"},
      {{"--device", "cuda"}, "training runs on the CPU"},
      {{"--precision", "f16"}, "did you mean 'bf16'?"}};
  for (const auto& [arguments, says] : wrong) {
    std::vector<std::string> all = {"a.csv"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto parsed = Parse(all);
    ASSERT_FALSE(parsed) << arguments[0];
    EXPECT_THAT(parsed.error().Text(), HasSubstr(says));
  }
}

TEST_F(TrainOptionsTest, AMetricIsCheckedBeforeDataAreRead) {
  for (const char* kind : {"transformer", "lr", "svm"}) {
    ASSERT_TRUE(Parse({"missing.csv", "--kind", kind, "--metric", "f1_marco"}));
    const auto plan = PlanOf(options);
    ASSERT_FALSE(plan) << kind;
    EXPECT_THAT(plan.error().Text(), HasSubstr("--metric: metric 'f1_marco' is not known"));
    EXPECT_THAT(plan.error().hint, HasSubstr("did you mean 'f1_macro'?"));
  }
}

TEST_F(TrainOptionsTest, OptionsOfAnotherKindOfModelAreNamed) {
  ASSERT_TRUE(Parse({"a.csv", "--kind", "lr", "--num-train-epochs", "3", "--lr", "5", "--freeze", "encoder", "--C", "1",
                     "--metric", "accuracy", "--class-weights", "none", "--seed", "1"}));
  EXPECT_THAT(OptionsWithoutEffect(options),
              ElementsAre("--epochs has no effect with --kind lr", "--lr has no effect with --kind lr",
                          "--freeze has no effect with --kind lr"));
  ASSERT_TRUE(Parse({"a.csv", "--epochs", "3", "--C", "1"}));
  EXPECT_THAT(OptionsWithoutEffect(options), ElementsAre("--C has no effect with --kind transformer"));
  ASSERT_TRUE(Parse({"a.csv", "--preset", "sms-spam", "--kind", "svm"}));
  EXPECT_NE(options.table->Find("epochs")->origin(), OptionOrigin::kDefault) << "the preset sets it";
  EXPECT_THAT(OptionsWithoutEffect(options), ElementsAre());
}

TEST_F(TrainOptionsTest, OptionsThatOthersReplaceAreNamed) {
  ASSERT_TRUE(Parse({"a.csv", "--test", "b.csv", "--validation", "c.csv", "--test-size", ".1", "--validation-size",
                     ".1", "--max-drop", ".1"}));
  EXPECT_THAT(OptionsWithoutEffect(options),
              ElementsAre("--validation-size has no effect with --validation", "--test-size has no effect with --test",
                          "--max-drop has no effect without --quantize"));
  ASSERT_TRUE(Parse({"a.csv", "--folds", "3", "--name", "x", "--seed", "1"}));
  EXPECT_THAT(OptionsWithoutEffect(options), ElementsAre("--name has no effect with --folds"));
}

TEST_F(TrainOptionsTest, AnOptionOfOneKindOfModelIsInAGroupThatNamesTheKind) {
  std::map<std::string, std::string> group;
  for (const OptionSummary& option : table.Summaries()) group[option.name] = option.group;
  for (const char* name : {"epochs", "base-model", "max-length", "resume", "eval-steps", "teacher", "freeze"}) {
    EXPECT_THAT(group[name], HasSubstr("(--kind transformer)")) << name;
  }
  for (const char* name : {"kind", "output-dir", "fold-disguises", "metric", "class-weights", "seed"}) {
    EXPECT_THAT(group[name], Not(HasSubstr("--kind"))) << name;
  }
}

TEST_F(TrainOptionsTest, OnlyAPresetDoesWithoutAnOutputDirectory) {
  ASSERT_TRUE(Parse({"a.csv"}));  // the command itself asks for it: models/PRESET-BASE is the default with a preset
  EXPECT_TRUE(options.plan.output.dir.empty());
}

TEST_F(TrainOptionsTest, OneFoldIsNoCrossValidation) {
  EXPECT_TRUE(Parse({"a.csv", "--folds", "5"}));
  EXPECT_EQ(options.folds, 5);
  const Result<ParseOutcome> parsed = Parse({"a.csv", "--folds", "1"});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(TrainOptionsTest, ValuesThatMakeNoSenseAreRefused) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"epochs", "0"},     {"batch-size", "0"},    {"lr", "-1"},           {"max-length", "2"},   {"test-size", "1"},
      {"dropout", "1"},    {"lr-scheduler", "x"},  {"precision", "f8"},    {"seed", "-1"},        {"warmup-ratio", "2"},
      {"max-length", "x"}, {"weight-decay", "-1"}, {"problem-type", "no"}, {"warmup-steps", "-1"}};
  for (const auto& [name, value] : wrong) {
    const Result<ParseOutcome> parsed = Parse({"a.csv", "--output-dir", "out", "--" + name, value});
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, HasSubstr("--" + name + ": "));
  }
}

}  // namespace
}  // namespace winnow

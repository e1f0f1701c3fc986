#include "cli/train_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
      {"epochs", "0"},        {"batch-size", "0"},    {"lr", "-1"},          {"max-length", "2"},
      {"test-size", "1"},     {"dropout", "1"},       {"lr-scheduler", "x"}, {"precision", "f8"},
      {"seed", "-1"},         {"warmup-ratio", "2"},  {"max-length", "x"},   {"weight-decay", "-1"},
      {"problem-type", "no"}, {"class-weights", "x"}, {"warmup-steps", "-1"}};
  for (const auto& [name, value] : wrong) {
    const Result<ParseOutcome> parsed = Parse({"a.csv", "--output-dir", "out", "--" + name, value});
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().message, HasSubstr("--" + name + ": "));
  }
}

}  // namespace
}  // namespace winnow

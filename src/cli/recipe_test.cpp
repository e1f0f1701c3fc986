#include "cli/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "cli/trainer_options.h"
#include "support/temporary_directory.h"
#include "support/tiny_config.h"

namespace winnow {
namespace {

class Recipe : public ::testing::Test {
 protected:
  void SetUp() override {
    ModelConfig config = TinyConfig();
    config.hidden_dropout = 0.25f;
    ASSERT_TRUE(WriteModelConfig(dir.path(), config));
    Manifest manifest;
    manifest.name = "m";
    manifest.text_template = "{subject} [SEP] {body}";
    manifest.positive_label = "spam";
    ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  }
  void WriteInfo(const Json& info) { ASSERT_TRUE(WriteFileAtomically(dir.path() / "training_info.json", info.dump())); }
  static Json Info(const Json& hyperparameters) {
    return {{"base_model_id", "some/model"},
            {"hyperparameters", hyperparameters},
            {"sample_count", 70},
            {"validation_count", 15},
            {"test_count", 15}};
  }

  TemporaryDirectory dir;
};

TEST_F(Recipe, IsWhatTrainingWasTold) {
  TrainCommandOptions told;
  told.batch_size = 7;
  told.accumulation = 3;
  told.layer_lr_decay = 0.95;
  told.lr_scheduler = "cosine";
  told.label_smoothing = 0.1;
  told.warmup_ratio = 0.06;
  told.freeze = "encoder";
  told.metric = "accuracy";
  told.class_weights = "balanced";
  TrainerOptions trainer = ToTrainerOptions(told, {}, 3, 1).value();
  WriteInfo(Info(Hyperparameters(told, trainer, 99)));
  const auto recipe = RecipeOf(dir.path());
  ASSERT_TRUE(recipe) << recipe.error().Text();
  EXPECT_EQ(recipe->base_model, "some/model");
  EXPECT_EQ(recipe->batch_size, 7);
  EXPECT_EQ(recipe->accumulation, 3);
  EXPECT_EQ(recipe->epochs, trainer.epochs);
  EXPECT_EQ(recipe->lr, trainer.lr);
  EXPECT_EQ(recipe->layer_lr_decay, 0.95);
  EXPECT_EQ(recipe->lr_scheduler, "cosine");
  EXPECT_EQ(recipe->label_smoothing, 0.1);
  EXPECT_EQ(recipe->warmup_ratio, 0.06);
  EXPECT_EQ(recipe->freeze, "encoder");
  EXPECT_EQ(recipe->metric, "accuracy");
  EXPECT_EQ(recipe->class_weights, "balanced");
  EXPECT_EQ(recipe->max_length, 99);
  EXPECT_EQ(recipe->precision, NameOf(trainer.precision));
  EXPECT_EQ(recipe->dropout, 0.25);
  EXPECT_EQ(recipe->template_text, "{subject} [SEP] {body}");
  EXPECT_EQ(recipe->positive_label, "spam");
  EXPECT_NEAR(recipe->validation_size, 0.15, 1e-12);
  // The same again, through all of it.
  const TrainerOptions again = ToTrainerOptions(*recipe, {}, 3, 1).value();
  EXPECT_EQ(Hyperparameters(*recipe, again, 99), Hyperparameters(told, trainer, 99));
}

TEST_F(Recipe, WarmUpIsSaidInOneWay) {
  WriteInfo(Info({{"warmup_steps", 12}, {"warmup_ratio", 0.1}}));
  const auto recipe = RecipeOf(dir.path());
  ASSERT_TRUE(recipe) << recipe.error().Text();
  EXPECT_EQ(recipe->warmup_steps, 12);
  EXPECT_EQ(recipe->warmup_ratio, 0);
}

TEST_F(Recipe, WhatIsMissingOrMakesNoSenseIsNamed) {
  EXPECT_EQ(RecipeOf(dir.path()).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(RecipeOf(dir.path()).error().hint, testing::HasSubstr("--folds"));
  const auto refused = [&](const Json& info) {
    WriteInfo(info);
    const auto recipe = RecipeOf(dir.path());
    EXPECT_FALSE(recipe) << info.dump();
    EXPECT_EQ(recipe.error().code, ErrorCode::kInvalidModel);
    return recipe.error().message;
  };
  EXPECT_THAT(refused(Info({{"epochs", -3}})), testing::AllOf(testing::HasSubstr("epochs"), testing::HasSubstr("-3")));
  EXPECT_THAT(refused(Info({{"lr_scheduler", "up and down"}})), testing::HasSubstr("lr-scheduler"));
  refused(Info({{"batch_size", "many"}}));
  refused(Info("none"));
  refused(Json::array());
  refused({{"base_model_id", 7}, {"hyperparameters", Json::object()}});
  refused({{"hyperparameters", Json::object()}});
  // What this version does not know is no option.
  WriteInfo(Info({{"of_another_version", 3}, {"list", Json::array({1})}}));
  EXPECT_TRUE(RecipeOf(dir.path()));
}

TEST_F(Recipe, DamagedFilesAreReadOrRefused) {
  const std::string good = Info({{"epochs", 3}, {"learning_rate", 2e-5}, {"freeze", "encoder"}}).dump();
  for (size_t length = 0; length < good.size(); ++length) {
    ASSERT_TRUE(WriteFileAtomically(dir.path() / "training_info.json", good.substr(0, length)));
    EXPECT_FALSE(RecipeOf(dir.path())) << length;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x15);
    ASSERT_TRUE(WriteFileAtomically(dir.path() / "training_info.json", bad));
    const auto recipe = RecipeOf(dir.path());
    if (!recipe) {
      EXPECT_FALSE(recipe.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace winnow

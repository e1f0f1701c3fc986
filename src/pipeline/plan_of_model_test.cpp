#include "pipeline/plan_of_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "bundle/training_info.h"
#include "pipeline/trainer_options.h"
#include "pipeline/training_duration.h"
#include "support/temporary_directory.h"
#include "support/tiny_config.h"

namespace winnow {
namespace {

class PlanOfModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ModelConfig config = TinyConfig();
    config.hidden_dropout = 0.25f;
    config.attention_dropout = 0.5f;
    ASSERT_TRUE(WriteModelConfig(dir.path(), config));
    Manifest manifest;
    manifest.name = "m";
    manifest.text_template = "{subject} [SEP] {body}";
    manifest.positive_label = "spam";
    ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  }
  void WriteInfo(const Json& info) { ASSERT_TRUE(WriteFileAtomically(dir.path() / kTrainingInfoFile, info.dump())); }
  static Json Info(const Json& hyperparameters) {
    return {{"base_model_id", "some/model"},
            {"hyperparameters", hyperparameters},
            {"sample_count", 70},
            {"validation_count", 15},
            {"test_count", 15}};
  }

  TemporaryDirectory dir;
};

TEST_F(PlanOfModelTest, EqualsThePlanOfTheTraining) {
  TrainingPlan given;
  TrainingObserver observer;
  given.trainer.batch_size = 7;
  given.trainer.accumulation = 3;
  given.trainer.layer_lr_decay = 0.95;
  given.trainer.lr_scheduler = "cosine";
  given.trainer.label_smoothing = 0.1;
  given.trainer.warmup_ratio = 0.06;
  given.trainer.freeze = "encoder";
  given.trainer.metric = "accuracy";
  given.trainer.class_weights = "balanced";
  TrainerOptions trainer = ToTrainerOptions(given, {}, 3, 1, observer).value();
  WriteInfo(Info(Hyperparameters(given, trainer, 99)));
  const auto plan = PlanOfModel(dir.path());
  ASSERT_TRUE(plan) << plan.error().Text();
  EXPECT_EQ(plan->model.base_model, "some/model");
  EXPECT_EQ(plan->trainer.batch_size, 7);
  EXPECT_EQ(plan->trainer.accumulation, 3);
  EXPECT_EQ(plan->trainer.epochs, trainer.epochs);
  EXPECT_EQ(plan->trainer.lr, trainer.lr);
  EXPECT_EQ(plan->trainer.layer_lr_decay, 0.95);
  EXPECT_EQ(plan->trainer.lr_scheduler, "cosine");
  EXPECT_EQ(plan->trainer.label_smoothing, 0.1);
  EXPECT_EQ(plan->trainer.warmup_ratio, 0.06);
  EXPECT_EQ(plan->trainer.freeze, "encoder");
  EXPECT_EQ(plan->trainer.metric, "accuracy");
  EXPECT_EQ(plan->trainer.class_weights, "balanced");
  EXPECT_EQ(plan->model.max_length, 99);
  EXPECT_EQ(plan->trainer.precision, NameOf(trainer.precision));
  EXPECT_EQ(plan->model.dropout, 0.25);
  EXPECT_EQ(plan->model.attention_dropout, 0.5);
  EXPECT_EQ(plan->data.reading.template_text, "{subject} [SEP] {body}");
  EXPECT_EQ(plan->data.positive_label, "spam");
  EXPECT_NEAR(plan->data.validation_size, 0.15, 1e-12);
  // The same again, through all of it.
  const TrainerOptions again = ToTrainerOptions(*plan, {}, 3, 1, observer).value();
  EXPECT_EQ(Hyperparameters(*plan, again, 99), Hyperparameters(given, trainer, 99));
}

TEST_F(PlanOfModelTest, AddedTextsDoNotChangeTheShareOfTheValidationPart) {
  WriteInfo(Info({{"augment_variants", 1}}));
  const double share = PlanOfModel(dir.path())->data.validation_size;
  Json info = Info({{"augment_variants", 1}});
  info["sample_count"] = 170;
  info["added_count"] = 100;
  WriteInfo(info);
  EXPECT_EQ(PlanOfModel(dir.path())->data.validation_size, share);
}

TEST_F(PlanOfModelTest, TellsWhatWasAddedToTheTrainingPart) {
  WriteInfo(Info({{"epochs", 2}}));
  const auto nothing = PlanOfModel(dir.path());
  ASSERT_TRUE(nothing) << nothing.error().Text();
  EXPECT_FALSE(nothing->data.augment);
  EXPECT_EQ(nothing->SyntheticShare(), 0);
  WriteInfo(Info({{"augment_variants", 2}, {"synthetic_share", 0.75}, {"synthetic_grammar", "mine.txt"}}));
  const auto plan = PlanOfModel(dir.path());
  ASSERT_TRUE(plan) << plan.error().Text();
  EXPECT_TRUE(plan->data.augment);
  EXPECT_EQ(plan->data.augment_variants, 2);
  EXPECT_EQ(plan->SyntheticShare(), 0.75);
  EXPECT_EQ(plan->data.synthetic_grammar, "mine.txt");
}

TEST_F(PlanOfModelTest, WarmUpIsSaidInOneWay) {
  WriteInfo(Info({{"warmup_steps", 12}, {"warmup_ratio", 0.1}}));
  const auto plan = PlanOfModel(dir.path());
  ASSERT_TRUE(plan) << plan.error().Text();
  EXPECT_EQ(plan->trainer.warmup_steps, 12);
  EXPECT_EQ(plan->trainer.warmup_ratio, 0);
}

TEST_F(PlanOfModelTest, TellsTheUnlabelledTextsAndTheMemoryOfTheTraining) {
  TrainingPlan given;
  given.trainer.gradient_checkpointing = true;
  given.distillation.teacher = "big";
  given.distillation.unlabelled = {"more.txt", "most.txt"};
  Json info = Info({{"teacher", "big"}});
  info["configuration"] = ConfigurationOf(given);
  WriteInfo(info);
  const auto plan = PlanOfModel(dir.path());
  ASSERT_TRUE(plan) << plan.error().Text();
  EXPECT_TRUE(plan->trainer.gradient_checkpointing);
  EXPECT_EQ(plan->distillation.unlabelled, given.distillation.unlabelled);
  const auto retraining = RetrainingPlanOf(dir.path());
  ASSERT_TRUE(retraining) << retraining.error().Text();
  EXPECT_TRUE(retraining->plan.trainer.gradient_checkpointing);
  EXPECT_EQ(retraining->plan.distillation.unlabelled, given.distillation.unlabelled);
  info["configuration"]["gradient_checkpointing"] = "perhaps";
  WriteInfo(info);
  EXPECT_EQ(PlanOfModel(dir.path()).error().code, ErrorCode::kInvalidModel);
}

TEST_F(PlanOfModelTest, ThePrecisionOfAnotherCpuIsReplaced) {
  WriteInfo(Info({{"precision", "bf16"}}));
  const auto plan = PlanOfModel(dir.path());
  ASSERT_TRUE(plan) << plan.error().Text();
  TrainingObserver observer;
  const auto precision = PrecisionOf(*plan, observer);
  ASSERT_TRUE(precision) << precision.error().Text();
  EXPECT_EQ(*precision, IsSupported(Precision::kBf16) ? Precision::kBf16 : Precision::kF32);
}

TEST_F(PlanOfModelTest, AcceptsAPatienceThatNeverEndedTheTraining) {
  WriteInfo(Info({{"epochs", 4}, {"early_stopping_patience", 5}}));
  const auto plan = PlanOfModel(dir.path());
  ASSERT_TRUE(plan) << plan.error().Text();
  TrainingObserver observer;
  const TrainerOptions trainer = ToTrainerOptions(*plan, {}, 3, 1, observer).value();
  ASSERT_EQ(trainer.patience, 5);
  const auto required = RequireEvaluations(plan->trainer, trainer, 40, observer);
  EXPECT_TRUE(required) << required.error().Text();
}

TEST_F(PlanOfModelTest, WhatIsMissingOrMakesNoSenseIsNamed) {
  EXPECT_EQ(PlanOfModel(dir.path()).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(PlanOfModel(dir.path()).error().hint, testing::HasSubstr("--folds"));
  const auto refused = [&](const Json& info) {
    WriteInfo(info);
    const auto plan = PlanOfModel(dir.path());
    EXPECT_FALSE(plan) << info.dump();
    EXPECT_EQ(plan.error().code, ErrorCode::kInvalidModel);
    return plan.error().message;
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
  EXPECT_TRUE(PlanOfModel(dir.path()));
}

TEST_F(PlanOfModelTest, DamagedFilesAreReadOrRefused) {
  const std::string good = Info({{"epochs", 3}, {"learning_rate", 2e-5}, {"freeze", "encoder"}}).dump();
  for (size_t length = 0; length < good.size(); ++length) {
    ASSERT_TRUE(WriteFileAtomically(dir.path() / kTrainingInfoFile, good.substr(0, length)));
    EXPECT_FALSE(PlanOfModel(dir.path())) << length;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x15);
    ASSERT_TRUE(WriteFileAtomically(dir.path() / kTrainingInfoFile, bad));
    const auto plan = PlanOfModel(dir.path());
    if (!plan) {
      EXPECT_FALSE(plan.error().message.empty());
    }
  }
}

TEST_F(PlanOfModelTest, ARetrainingChoosesAgainWhatTheDataChose) {
  TrainingPlan given;
  given.data.test_size = 0.1;
  given.data.validation_size = 0.25;
  given.trainer.lr = 0.001;
  given.trainer.scaled.eval_steps = true;
  given.calibration.max_fpr = 0.02;
  given.calibration.calibration = CalibrationChoice::kIsotonic;
  given.linear.platt = true;
  given.output.keep_data = false;
  Json info = Info({{"epochs", 7}, {"learning_rate", 0.5}, {"C", 3}, {"class_weights", "balanced"}});
  WriteInfo(info);
  EXPECT_FALSE(RetrainingPlanOf(dir.path())->exact);
  EXPECT_EQ(RetrainingPlanOf(dir.path())->plan.trainer.epochs, 7) << "an older bundle keeps what was chosen";
  info["configuration"] = ConfigurationOf(given);
  WriteInfo(info);
  const auto retraining = RetrainingPlanOf(dir.path());
  ASSERT_TRUE(retraining) << retraining.error().Text();
  EXPECT_TRUE(retraining->exact);
  const TrainingPlan& plan = retraining->plan;
  EXPECT_EQ(plan.trainer.epochs, std::nullopt);
  EXPECT_EQ(plan.trainer.lr, 0.001);
  EXPECT_EQ(plan.trainer.class_weights, "auto");
  EXPECT_EQ(plan.data.test_size, 0.1);
  EXPECT_EQ(plan.data.validation_size, 0.25);
  EXPECT_EQ(plan.calibration.max_fpr, 0.02);
  EXPECT_FALSE(plan.output.keep_data);
  EXPECT_EQ(ConfigurationOf(plan), ConfigurationOf(given));
  info["configuration"] = {{"epochs", "many"}};
  WriteInfo(info);
  EXPECT_EQ(RetrainingPlanOf(dir.path()).error().code, ErrorCode::kInvalidModel);
}

TEST_F(PlanOfModelTest, KeepsTheClassWeightsOfTheUser) {
  TrainingPlan given;
  TrainingObserver observer;
  given.trainer.class_weights = "none";
  given.trainer.label_weights = {{"ham", 0.5}, {"spam", 5}};
  Json info = Info(Hyperparameters(given, ToTrainerOptions(given, {}, 3, 1, observer).value(), 99));
  info["configuration"] = ConfigurationOf(given);
  WriteInfo(info);
  EXPECT_EQ(PlanOfModel(dir.path())->trainer.label_weights, given.trainer.label_weights);
  const auto retraining = RetrainingPlanOf(dir.path());
  ASSERT_TRUE(retraining) << retraining.error().Text();
  EXPECT_EQ(retraining->plan.trainer.label_weights, given.trainer.label_weights);
  info["hyperparameters"]["class_weights"] = {{"spam", -5}};
  WriteInfo(info);
  EXPECT_EQ(PlanOfModel(dir.path()).error().code, ErrorCode::kInvalidModel);
}

TEST_F(PlanOfModelTest, ARetrainingReadsTheRowsOfTheTraining) {
  TrainingPlan given;
  given.data.reading.text_field = "body";
  given.data.reading.label_field = {"toxic", "insult"};
  given.data.reading.filter = {"lang=en", "city!='York, Ohio'"};
  given.data.reading.unknown_labels = UnknownLabels::kDrop;
  Manifest manifest;
  manifest.name = "m";
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  Json info = Info({{"epochs", 7}});
  info["configuration"] = ConfigurationOf(given);
  WriteInfo(info);
  const auto retraining = RetrainingPlanOf(dir.path());
  ASSERT_TRUE(retraining) << retraining.error().Text();
  const ReadingOptions& reading = retraining->plan.data.reading;
  EXPECT_EQ(reading.text_field, "body");
  EXPECT_EQ(reading.label_field, given.data.reading.label_field);
  EXPECT_EQ(reading.filter, given.data.reading.filter);
  EXPECT_EQ(reading.unknown_labels, UnknownLabels::kDrop);
  EXPECT_EQ(ConfigurationOf(retraining->plan), ConfigurationOf(given));
  given.data.reading.template_text = "{subject} [SEP] {body}";
  EXPECT_EQ(ConfigurationOf(given)["text_field"], "") << "a template takes its place";
}

}  // namespace
}  // namespace winnow

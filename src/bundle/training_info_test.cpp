#include "bundle/training_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;

TrainingInfo Trained() {
  TrainingInfo info;
  info.name = "spam";
  info.base_model_id = "all-MiniLM-L6-v2";
  info.epochs_run = 3;
  info.best_epoch = 2.5;
  info.val_macro_f1 = 0.9;
  info.val_accuracy = 0.95;
  info.metrics = {{"accuracy", 0.97}, {"fpr", Json()}};
  info.metrics_of = "test";
  info.decision_thresholds = {{"moderate", 0.5}, {"labels", {{"spam", 0.4}}}};
  info.sample_count = 70;
  info.added_count = 20;
  info.unlabelled_count = 300;
  info.validation_count = 10;
  info.test_count = 20;
  info.classes = {"spam", "ham"};
  info.label_counts = {30, 40};
  info.training_seconds = 90.123;
  info.hyperparameters = {{"epochs", 3}};
  info.threads = 2;
  info.history = {{.epoch = 1, .step = 3, .train_loss = 0.5, .validation_loss = 0.4, .accuracy = 0.9, .f1_macro = 0.8}};
  info.winnow_version = "0.1.0";
  return info;
}

TEST(TrainingInfo, SurvivesWritingAndReading) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteTrainingInfo(dir.path(), Trained()));
  const auto read = ReadTrainingInfo(dir.path());
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(TrainingInfoJson(*read), TrainingInfoJson(Trained()));
  EXPECT_EQ(read->best_epoch, 2.5);
  EXPECT_EQ(read->added_count, 20u);
  EXPECT_EQ(read->unlabelled_count, 300u);
  EXPECT_THAT(read->classes, ElementsAre("spam", "ham"));
  EXPECT_THAT(read->label_counts, ElementsAre(30, 40));
}

TEST(TrainingInfo, HasTheKeysThatReadersKnow) {
  const Json json = TrainingInfoJson(Trained());
  for (const char* key : {"name",
                          "base_model_id",
                          "timestamp",
                          "epochs_run",
                          "best_epoch",
                          "val_macro_f1",
                          "val_accuracy",
                          "metrics",
                          "metrics_of",
                          "sample_count",
                          "validation_count",
                          "test_count",
                          "tokens_per_second",
                          "peak_memory_mb",
                          "label_counts",
                          "num_classes",
                          "classes",
                          "training_time_seconds",
                          "training_time_minutes",
                          "avg_inference_time_ms",
                          "hyperparameters",
                          "data_sha256",
                          "hardware",
                          "history",
                          "winnow_version"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["training_time_minutes"], Json(1.502));
  EXPECT_TRUE(json["epochs_run"].is_number_integer());
}

TEST(TrainingInfo, OfAnImportedModelHasNoTraining) {
  TrainingInfo info;
  info.imported_from = {{"file", "model.onnx"}};
  info.num_features = 12;
  const Json json = TrainingInfoJson(info);
  EXPECT_FALSE(json.contains("metrics"));
  EXPECT_FALSE(json.contains("data_sha256"));
  EXPECT_EQ(json["num_features"], Json(12));
}

TEST(TrainingInfo, MembersOfAnotherTypeAreLeftOut) {
  const auto read = ParseTrainingInfo(R"({"base_model_id": 7, "metrics": [1], "sample_count": -3, "classes": [1, "a"],
                                          "hyperparameters": "none", "history": [3, {"epoch": "x"}]})",
                                      "training_info.json");
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->base_model_id, "");
  EXPECT_EQ(read->metrics, Json::object());
  EXPECT_EQ(read->sample_count, 0u);
  EXPECT_THAT(read->classes, ElementsAre("a"));
  EXPECT_TRUE(read->hyperparameters.is_null());
  EXPECT_EQ(read->history.size(), 1u);
}

TEST(TrainingInfo, RefusesJsonThatIsNotAnObject) {
  for (const char* text : {"", "[]", "7", "{", "{\"a\": }"}) {
    const auto read = ParseTrainingInfo(text, "training_info.json");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(read.error().message, testing::HasSubstr("training_info.json"));
  }
  const TemporaryDirectory dir;
  EXPECT_EQ(ReadTrainingInfo(dir.path()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow

#include "pipeline/train.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bundle/calibration_texts.h"
#include "classify/bundle_classifier.h"
#include "data/data_digest.h"
#include "pipeline/cross_validation.h"
#include "pipeline/data_plan.h"
#include "pipeline/learning_curve.h"
#include "support/example_dataset.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Keeps what it is told.
class Listener : public TrainingObserver {
 public:
  void Note(const std::string& line) override { notes.push_back(line); }
  void Detail(const std::string& line) override { details.push_back(line); }
  bool Cancelled() override { return cancelled; }

  std::vector<std::string> notes, details;
  bool cancelled = false;
};

class TrainTest : public ::testing::Test {
 protected:
  TrainTest() {
    split.train = NumberedMessages(0, 60);
    split.validation = NumberedMessages(60, 20);
    split.test = NumberedMessages(80, 20);
    plan.model.kind = "lr";
    plan.output.dir = dir.path() / "model";
  }

  TemporaryDirectory dir;
  Split split;
  TrainingPlan plan;
  ThreadPool pool{1};
  Listener observer;
};

TEST_F(TrainTest, LeavesABundleAndSaysWhatIsInIt) {
  const auto trained = Train(plan, split, pool, observer);
  ASSERT_TRUE(trained) << trained.error().Text();
  EXPECT_TRUE(trained->has_test);
  EXPECT_EQ(trained->metrics.accuracy, 1);
  EXPECT_EQ(trained->probabilities.size(), 2 * split.test.examples.size());
  EXPECT_EQ(trained->decisions.size(), split.test.examples.size());
  const auto info = ReadTrainingInfo(plan.output.dir);
  ASSERT_TRUE(info) << info.error().Text();
  EXPECT_EQ(TrainingInfoJson(*info), TrainingInfoJson(trained->info));
  EXPECT_EQ(info->name, "model");
  EXPECT_EQ(info->sample_count, 60u);
  EXPECT_EQ(info->val_accuracy, 1);
  EXPECT_FALSE(info->calibration.is_null());
  const auto kept = ReadCalibrationTexts(plan.output.dir / kCalibrationTextsFile);
  ASSERT_TRUE(kept) << kept.error().Text();
  EXPECT_EQ(kept->size(), split.validation.examples.size());
  EXPECT_THAT(observer.notes, Contains(HasSubstr("is ready: 60 training texts")));
}

TEST_F(TrainTest, RecordsTheTextsThatAugmentationAdded) {
  const std::string digest = DataSha256(split.train);
  plan.data.augment = true;
  plan.data.synthetic_share = 0.5;
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  ASSERT_EQ(split.synthetic, 30u);
  ASSERT_GT(split.variants, 0u);
  const TrainingInfo info = Train(plan, split, pool, observer)->info;
  EXPECT_EQ(info.data_sha256, digest);
  EXPECT_EQ(info.added_count, 30u + split.variants);
  EXPECT_EQ(info.sample_count, 60u + info.added_count);
  EXPECT_EQ(info.hyperparameters["synthetic_share"], Json(0.5));
}

TEST_F(TrainTest, RecordsNoSyntheticTextsForOtherLabels) {
  for (Dataset* set : {&split.train, &split.validation, &split.test}) set->labels.names = {"play", "stop"};
  plan.data.augment = true;
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  const TrainingInfo info = Train(plan, split, pool, observer)->info;
  EXPECT_FALSE(info.hyperparameters.contains("synthetic_share"));
  EXPECT_EQ(info.hyperparameters["augment_variants"], Json(1));
}

TEST_F(TrainTest, WritesNothingIfTheModelIsDiscarded) {
  plan.output.discard_model = true;
  const auto trained = Train(plan, split, pool, observer);
  ASSERT_TRUE(trained) << trained.error().Text();
  EXPECT_EQ(trained->metrics.accuracy, 1);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST_F(TrainTest, MeasuresTheValidationPartIfThereIsNoTestPart) {
  split.test.examples.clear();
  const auto trained = Train(plan, split, pool, observer);
  ASSERT_TRUE(trained) << trained.error().Text();
  EXPECT_FALSE(trained->has_test);
  EXPECT_EQ(trained->info.metrics_of, "validation");
  EXPECT_EQ(trained->decisions.size(), split.validation.examples.size());
  EXPECT_EQ(trained->info.val_accuracy, trained->metrics.accuracy);
  EXPECT_EQ(trained->info.val_macro_f1, trained->metrics.f1_macro);
}

TEST_F(TrainTest, RefusesAPlanThatMakesNoSenseBeforeAnythingIsWritten) {
  plan.linear.analyzer = "sentence";
  EXPECT_EQ(Train(plan, split, pool, observer).error().code, ErrorCode::kInvalidArgument);
  plan.linear.analyzer = "word";
  plan.output.resume = true;
  EXPECT_THAT(Train(plan, split, pool, observer).error().message, HasSubstr("--resume requires a transformer"));
  plan.output.resume = false;
  plan.data.positive_label = "eggs";
  EXPECT_THAT(Train(plan, split, pool, observer).error().message, HasSubstr("--positive-label"));
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST_F(TrainTest, LinearModelsNeedNoTextsOfTheirOwnForThresholdsInWindowsMode) {
  split.validation = NumberedMessages(60, 70);  // 35 of them ham: enough for 29 negatives, but not if they are split
  plan.model.long_text = LongText::kWindows;
  plan.calibration.max_fpr = 0.1;
  const auto trained = Train(plan, split, pool, observer);
  EXPECT_TRUE(trained) << trained.error().Text();
}

/// Texts of which half have the word "maybe", and seven in twenty of these the label "a".
Dataset Doubts(size_t count, size_t first) {
  Dataset set{.examples = {}, .labels = {{"a", "b"}}, .multi_label = true};
  for (size_t i = first; i < first + count; ++i) {
    Example& example = set.examples.emplace_back();
    const bool maybe = i % 2 == 0, blue = i % 3 == 0;
    example.text = std::string(maybe ? "maybe " : "never ") + (blue ? "blue " : "red ") + std::to_string(i);
    if (maybe && (i / 2) % 20 < 7) example.labels.push_back(0);
    if (blue) example.labels.push_back(1);
  }
  return set;
}

TEST_F(TrainTest, AbstentionIsAboutTheDecisionsOfTunedThresholds) {
  split = {.train = Doubts(400, 0), .validation = Doubts(400, 400), .test = Doubts(400, 800), .training_only = {}};
  plan.calibration.tune_thresholds = true;
  plan.calibration.max_error = 0.25;
  const auto trained = Train(plan, split, pool, observer);
  ASSERT_TRUE(trained) << trained.error().Text();
  // At .5, a sixth of the texts is wrong. The best F1 has the label "a" assigned to each "maybe": a third is wrong.
  EXPECT_LT(trained->metrics.accuracy, 0.7);
  const BundleClassifier classifier = BundleClassifier::Load(plan.output.dir, pool).value();
  EXPECT_EQ(classifier.manifest().abstain->texts, 200);
  const std::vector<InputTextView> views = InputTexts(split.test);
  const auto classified = classifier.Classify(views).value();
  size_t wrong_answered = 0;
  for (size_t t = 0; t < classified.size(); ++t) {
    const Decision& decision = classified[t].decision;
    wrong_answered += !decision.abstained && decision.labels != split.test.examples[t].labels ? 1 : 0;
  }
  EXPECT_LE(static_cast<double>(wrong_answered), 0.27 * 400);
}

TEST_F(TrainTest, CrossValidationTestsEachTextOnceAndKeepsTrainingsQuiet) {
  const Dataset data = NumberedMessages(0, 60);
  const auto done = CrossValidate(plan, data, {}, {.folds = 3, .seed = 1}, pool, observer);
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(done->result.folds.size(), 3u);
  EXPECT_EQ(done->tested.examples.size(), 60u);
  EXPECT_EQ(done->decided.size(), 60u);
  EXPECT_EQ(done->result.pooled.count, 60);
  EXPECT_EQ(done->hyperparameters["kind"], Json("lr"));
  EXPECT_THAT(observer.notes, Contains(HasSubstr("fold 3 of 3: 20 test texts")));
  EXPECT_THAT(observer.notes, Not(Contains(HasSubstr("features, fitted to"))));
  EXPECT_THAT(observer.details, Contains(HasSubstr("features, fitted to")));
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
  observer.cancelled = true;
  EXPECT_EQ(CrossValidate(plan, data, {}, {.folds = 3, .seed = 1}, pool, observer).error().code, ErrorCode::kCancelled);
}

TEST_F(TrainTest, LearningCurvesTrainOnPartsOfTheTrainingPart) {
  const auto curve = MeasureLearningCurve(plan, {"10", "1.0"}, split, pool, observer);
  ASSERT_TRUE(curve) << curve.error().Text();
  ASSERT_EQ(curve->points.size(), 2u);
  EXPECT_EQ(curve->points[0].texts, 10);
  EXPECT_EQ(curve->points[1].texts, 60);
  EXPECT_EQ(curve->points[1].right.size(), split.test.examples.size());
  EXPECT_THAT(observer.notes, Not(IsEmpty()));
}

/// Texts of which three in five are spam, which no model can know.
Dataset Ambiguous(size_t count, size_t first) {
  Dataset set;
  set.labels.names = {"ham", "spam"};
  for (size_t i = first; i < first + count; ++i) {
    set.examples.push_back({"an offer for you, number " + std::to_string(i), {i % 5 < 3 ? 1 : 0}, "", 0});
  }
  return set;
}

TEST_F(TrainTest, LearningCurvesCountTheDecisionsOfTheThresholds) {
  split = {
      .train = Ambiguous(100, 0), .validation = Ambiguous(200, 100), .test = Ambiguous(50, 300), .training_only = {}};
  plan.calibration.max_fpr = 0.1;
  const auto curve = MeasureLearningCurve(plan, {"1.0"}, split, pool, observer);
  ASSERT_TRUE(curve) << curve.error().Text();
  const DataCurvePoint& point = curve->points.front();
  const auto right = static_cast<double>(std::ranges::count(point.right, 1));
  EXPECT_DOUBLE_EQ(right / static_cast<double>(point.right.size()), point.metrics.accuracy);
}

}  // namespace
}  // namespace winnow

#include "pipeline/calibrate_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "pipeline/train.h"
#include "support/example_dataset.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class RecordingObserver final : public TrainingObserver {
 public:
  void Note(const std::string& line) override { notes.push_back(line); }
  void Warn(const std::string& line) override { warnings.push_back(line); }
  bool Cancelled() override { return cancelled; }

  std::vector<std::string> notes, warnings;
  bool cancelled = false;
};

/// A linear model with a calibration set.
class CalibrateBundleTest : public ::testing::Test {
 protected:
  CalibrateBundleTest() {
    TrainingPlan training;
    training.model.kind = "lr";
    training.output.dir = plan.bundle = dir.path() / "model";
    split.train = NumberedMessages(0, 60);
    split.validation = NumberedMessages(60, 40);
    const auto trained = Train(training, split, pool, observer);
    EXPECT_TRUE(trained) << trained.error().Text();
    observer.notes.clear();
  }

  std::filesystem::path DataFile(const Dataset& set) const {
    std::string lines = "text,label\n";
    for (const Example& example : set.examples) {
      lines += example.text + "," + set.labels.names[static_cast<size_t>(example.labels[0])] + "\n";
    }
    const std::filesystem::path file = dir.path() / "data.csv";
    EXPECT_TRUE(WriteFileAtomically(file, lines));
    return file;
  }
  std::string ManifestText(const std::filesystem::path& bundle) const { return *ReadFile(bundle / kManifestFile); }

  TemporaryDirectory dir;
  ThreadPool pool{1};
  RecordingObserver observer;
  Split split;
  CalibratePlan plan;
};

TEST_F(CalibrateBundleTest, WritesTheCalibrationIntoTheBundle) {
  plan.calibration.calibration = CalibrationChoice::kNone;
  const auto done = CalibrateBundle(plan, pool, observer);
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(done->target, plan.bundle);
  EXPECT_EQ(done->calibration.texts, 40u);
  EXPECT_FALSE(done->scope);
  const auto written = ReadManifest(plan.bundle);
  ASSERT_TRUE(written) << written.error().Text();
  ASSERT_TRUE(written->calibration);
  EXPECT_EQ(written->calibration->calibration, done->calibration.calibration);
  EXPECT_THAT(observer.notes,
              Contains("calibrated " + plan.bundle.string() + ", version 1.0.1"));  // predictions have changed
  EXPECT_THAT(observer.notes, Contains(HasSubstr("calibration.jsonl, whose texts were held out from training")))
      << "a linear model has no epochs";
}

TEST_F(CalibrateBundleTest, ADryRunWritesNothing) {
  const std::string before = ManifestText(plan.bundle);
  plan.dry_run = true;
  plan.calibration.calibration = CalibrationChoice::kNone;
  ASSERT_TRUE(CalibrateBundle(plan, pool, observer));
  EXPECT_EQ(ManifestText(plan.bundle), before);
}

TEST_F(CalibrateBundleTest, LeavesTheBundleUnchangedIfThereIsAnOutput) {
  const std::string before = ManifestText(plan.bundle);
  plan.output = dir.path() / "calibrated";
  plan.calibration.calibration = CalibrationChoice::kNone;
  const auto done = CalibrateBundle(plan, pool, observer);
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(ManifestText(plan.bundle), before);
  EXPECT_NE(ManifestText(*plan.output), before);
}

TEST_F(CalibrateBundleTest, RefusesTheTrainingTextsUnlessForced) {
  plan.data = {DataFile(split.train)};
  const auto refused = CalibrateBundle(plan, pool, observer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidData);
  plan.force = true;
  const auto forced = CalibrateBundle(plan, pool, observer);
  ASSERT_TRUE(forced) << forced.error().Text();
  EXPECT_EQ(forced->manifest.calibration->source, "data.csv");
  EXPECT_THAT(observer.warnings, Contains(HasSubstr("trained on")));
}

TEST_F(CalibrateBundleTest, AThresholdHasTheAbstentionChosenAgain) {
  plan.calibration.max_error = 0.1;
  const auto before = CalibrateBundle(plan, pool, observer);
  ASSERT_TRUE(before) << before.error().Text();
  EXPECT_EQ(before->manifest.abstain->moderate, 0) << "a model without errors does not abstain";
  plan.calibration = {.calibration = CalibrationChoice::kKeep};
  plan.threshold = 0.999999;  // every spam text becomes an error
  const auto after = CalibrateBundle(plan, pool, observer);
  ASSERT_TRUE(after) << after.error().Text();
  EXPECT_GT(after->manifest.abstain->moderate, 0);
  EXPECT_EQ(after->manifest.abstain->max_error, 0.1);
  EXPECT_LE(after->calibration.abstention[1].wrong_answered, 4);
  EXPECT_THAT(observer.notes, Contains(HasSubstr("the abstention threshold is selected again for the new decisions")));
}

TEST_F(CalibrateBundleTest, IsCancelledByTheObserver) {
  const std::string before = ManifestText(plan.bundle);
  observer.cancelled = true;
  const auto cancelled = CalibrateBundle(plan, pool, observer);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(ManifestText(plan.bundle), before);
}

}  // namespace
}  // namespace winnow

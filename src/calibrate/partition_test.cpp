#include "calibrate/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/simulated_texts.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

CalibrationPartition OfTwoLabels(const CalibrationOptions& options, size_t texts = 90) {
  return PartitionTexts(options, texts, 2, /*multi_label=*/false, /*pooled=*/false);
}

TEST(PartitionTexts, GivesACalibrationAloneAllTexts) {
  const CalibrationPartition partition = OfTwoLabels({});
  EXPECT_EQ(partition.parts(), 1u);
  EXPECT_EQ(partition.fit.size(), 90u);
}

TEST(PartitionTexts, GivesEachChoiceTextsOfItsOwn) {
  const CalibrationPartition partition =
      OfTwoLabels({.calibration = CalibrationChoice::kVector, .max_fpr = 0.1, .max_error = 0.1});
  ASSERT_EQ(partition.parts(), 3u);
  std::set<size_t> all;
  for (const auto* part : {&partition.fit, &partition.thresholds, &partition.abstention}) {
    EXPECT_EQ(part->size(), 30u);
    all.insert(part->begin(), part->end());
  }
  EXPECT_EQ(all.size(), 90u);
  EXPECT_EQ(*all.rbegin(), 89u);
}

TEST(PartitionTexts, LetsThresholdsShareTheTextsOfACalibrationThatKeepsTheirOrder) {
  const CalibrationPartition partition = OfTwoLabels({.max_fpr = 0.1});
  EXPECT_FALSE(partition.thresholds_apart);
  EXPECT_EQ(partition.thresholds, partition.fit);
  EXPECT_TRUE(OfTwoLabels({.calibration = CalibrationChoice::kVector, .max_fpr = 0.1}).thresholds_apart);
}

TEST(PartitionTexts, LetsAbstentionHaveAllTextsIfNothingElseIsChosen) {
  const CalibrationPartition partition =
      OfTwoLabels({.calibration = CalibrationChoice::kKeep, .max_fpr = {}, .max_error = 0.1});
  EXPECT_EQ(partition.parts(), 1u);
  EXPECT_EQ(partition.abstention.size(), 90u);
}

TEST(PartitionTexts, KeepsTunedThresholdsAwayFromTheTextsOfTheAbstention) {
  const CalibrationOptions options{.calibration = CalibrationChoice::kNone, .max_fpr = {}, .max_error = 0.1};
  EXPECT_TRUE(PartitionTexts(options, 90, 3, /*multi_label=*/true, /*pooled=*/false).abstention_apart);
  EXPECT_FALSE(OfTwoLabels(options).abstention_apart);
}

TEST(PartitionTexts, IsTheSameEachTime) {
  const CalibrationOptions options{.max_error = 0.1};
  EXPECT_EQ(OfTwoLabels(options).fit, OfTwoLabels(options).fit);
  EXPECT_FALSE(std::ranges::is_sorted(OfTwoLabels(options).fit));  // split at random, not cut
}

TEST(CheckEnoughTexts, SaysHowManyThereAreAndHowManyAreNeeded) {
  SimulatedTexts texts(1);
  texts.Draw(200);
  EXPECT_TRUE(CheckEnoughTexts({.max_fpr = 0.1}, texts.dataset, 1, false));
  const auto few = CheckEnoughTexts({.max_fpr = 0.01}, texts.dataset, 1, false);
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().code, ErrorCode::kInvalidData);
  EXPECT_THAT(few.error().message, HasSubstr("at least 299 held-out texts without the label 'spam'"));
  const auto half = CheckEnoughTexts({.max_error = 0.005}, texts.dataset, 1, false);
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().message, HasSubstr("there are only 100 (a half of the 200 texts"));
  const auto no_positive = CheckEnoughTexts({.max_fpr = 0.1}, texts.dataset, -1, false);
  ASSERT_FALSE(no_positive);
  EXPECT_EQ(no_positive.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow

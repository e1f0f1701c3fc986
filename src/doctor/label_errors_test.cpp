#include "doctor/label_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace winnow {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

// Thresholds, joint and errors are those of cleanlab 2.x for the same numbers (compute_confident_joint with
// calibrate=False, find_label_issues with filter_by="confident_learning", ranked by self_confidence).
const std::vector<float> kProbabilities = {
    .9F,  .05F, .05F, .7F, .2F, .1F, .1F,  .8F, .1F,  .2F, .7F,  .1F,  .6F, .3F, .1F,  //
    .05F, .15F, .8F,  .3F, .1F, .6F, .05F, .9F, .05F, .4F, .35F, .25F, .1F, .2F, .7F,
};
const std::vector<int32_t> kGiven = {0, 0, 0, 1, 1, 2, 2, 2, 0, 2};

std::vector<size_t> Errors(const LabelErrors& found) {
  std::vector<size_t> texts;
  for (const LabelDoubt& doubt : found.doubts) {
    if (doubt.error) texts.push_back(doubt.text);
  }
  return texts;
}

TEST(LabelErrors, ThresholdsJointAndErrorsAreThoseOfConfidentLearning) {
  const LabelErrors found = *FindLabelErrors(kProbabilities, kGiven, 3);
  EXPECT_THAT(found.thresholds, ElementsAre(DoubleNear(.525, 1e-6), DoubleNear(.5, 1e-6), DoubleNear(.5375, 1e-6)));
  EXPECT_THAT(found.confident_joint, ElementsAre(2, 1, 0, 1, 1, 0, 0, 1, 3));
  EXPECT_THAT(Errors(found), ElementsAre(7, 2, 4));
}

TEST(LabelErrors, TheLeastConfidentLabelComesFirstAndNamesTheOneToTake) {
  const LabelErrors found = *FindLabelErrors(kProbabilities, kGiven, 3);
  ASSERT_EQ(found.doubts.size(), kGiven.size());
  EXPECT_EQ(found.doubts[0].text, 7u);
  EXPECT_EQ(found.doubts[0].given, 2);
  EXPECT_EQ(found.doubts[0].suggested, 1);
  EXPECT_NEAR(found.doubts[0].self_confidence, .05, 1e-6);
  EXPECT_NEAR(found.doubts[0].suggested_confidence, .9, 1e-6);
  EXPECT_EQ(found.doubts.back().text, 0u);
  for (size_t i = 1; i < found.doubts.size(); ++i) {
    EXPECT_LE(found.doubts[i - 1].self_confidence, found.doubts[i].self_confidence);
  }
}

TEST(LabelErrors, TextsThatAreNotJudgedCountNowhere) {
  std::vector<int32_t> given = kGiven;
  given[7] = -1;
  const LabelErrors found = *FindLabelErrors(kProbabilities, given, 3);
  EXPECT_EQ(found.doubts.size(), kGiven.size() - 1);
  EXPECT_NEAR(found.thresholds[2], .7, 1e-6);
  EXPECT_EQ(found.confident_joint[7], 0);
}

TEST(LabelErrors, ALabelWithoutTextsIsNeverConfident) {
  const std::vector<float> probabilities = {.2F, .3F, .5F, .3F, .6F, .1F};
  const LabelErrors found = *FindLabelErrors(probabilities, std::vector<int32_t>{0, 1}, 3);
  EXPECT_TRUE(std::isnan(found.thresholds[2]));
  EXPECT_EQ(found.confident_joint[2] + found.confident_joint[5] + found.confident_joint[8], 0);
}

TEST(LabelErrors, EqualProbabilitiesEverywhereAccuseNobody) {
  const std::vector<float> probabilities(2 * 50, .5F);
  std::vector<int32_t> given(50);
  for (size_t i = 0; i < given.size(); ++i) given[i] = static_cast<int32_t>(i % 2);
  const LabelErrors found = *FindLabelErrors(probabilities, given, 2);
  for (const LabelDoubt& doubt : found.doubts) EXPECT_NEAR(doubt.self_confidence, .5, 1e-6);
}

TEST(LabelErrors, OfAMultiLabelSetEachLabelIsJudgedByItself) {
  // Label 0 stands out with text 3, which lacks it; label 1 with text 0, which has it.
  const std::vector<float> probabilities = {.9F, .05F, .8F, .1F, .1F, .9F, .9F, .8F};
  const std::vector<int8_t> has = {1, 1, 1, 0, 0, 1, 0, 1};
  const LabelErrors found = *FindMultiLabelErrors(probabilities, has, 2);
  ASSERT_EQ(found.doubts.size(), 8u);
  EXPECT_EQ(found.doubts[0].text, 0u);
  EXPECT_EQ(found.doubts[0].given, 1);
  EXPECT_NEAR(found.doubts[0].self_confidence, .05, 1e-6);
  EXPECT_EQ(found.doubts[1].text, 3u);
  EXPECT_EQ(found.doubts[1].given, 0);
  EXPECT_NEAR(found.doubts[1].self_confidence, .1, 1e-6);
}

TEST(LabelErrors, SizesAndNumbersThatMakeNoSenseAreErrors) {
  const std::vector<float> two = {.5F, .5F};
  EXPECT_FALSE(FindLabelErrors(two, std::vector<int32_t>{0, 1}, 2));
  EXPECT_FALSE(FindLabelErrors(two, std::vector<int32_t>{2}, 2));
  EXPECT_FALSE(FindLabelErrors(two, std::vector<int32_t>{-2}, 2));
  EXPECT_FALSE(FindLabelErrors({}, {}, 0));
  EXPECT_FALSE(FindLabelErrors(std::vector<float>{NAN, .5F}, std::vector<int32_t>{0}, 2));
  EXPECT_FALSE(FindMultiLabelErrors(two, std::vector<int8_t>{1, 0, 1}, 2));
  EXPECT_FALSE(FindMultiLabelErrors(two, {}, 0));
  EXPECT_TRUE(FindLabelErrors({}, {}, 2));
}

}  // namespace
}  // namespace winnow

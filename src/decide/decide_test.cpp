#include "decide/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace winnow {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(Mode, IsParsedByName) {
  EXPECT_EQ(ParseMode("strict").value(), Mode::kStrict);
  EXPECT_EQ(ParseMode("moderate").value(), Mode::kModerate);
  EXPECT_EQ(ParseMode("lenient").value(), Mode::kLenient);
  const auto wrong = ParseMode("harsh");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(wrong.error().Text(), testing::HasSubstr("strict, moderate and lenient"));
}

TEST(ModeThresholds, AreThoseOfTheContract) {
  const ModeThresholds thresholds;
  EXPECT_EQ(thresholds.At(Mode::kStrict), 0.3F);
  EXPECT_EQ(thresholds.At(Mode::kModerate), 0.5F);
  EXPECT_EQ(thresholds.At(Mode::kLenient), 0.7F);
}

TEST(Decide, TakesTheFirstOfTheMostProbableLabels) {
  const Decision decision = Decide(std::array{0.2F, 0.4F, 0.4F});
  EXPECT_EQ(decision.label, 1);
  EXPECT_EQ(decision.top, 1);
  EXPECT_EQ(decision.score, 0.4F);
  EXPECT_EQ(decision.confidence, 0.4F);
  EXPECT_FALSE(decision.positive);
  EXPECT_FALSE(decision.abstained);
  EXPECT_TRUE(decision.labels.empty());
}

TEST(Decide, ScoresTwoLabelsByThePositiveOne) {
  const Decision ham = Decide(std::array{0.9F, 0.1F}, {.positive_label = 1});
  EXPECT_EQ(ham.label, 0);
  EXPECT_EQ(ham.score, 0.1F);
  EXPECT_EQ(ham.confidence, 0.9F);
  EXPECT_FALSE(ham.positive);
  const Decision spam = Decide(std::array{0.9F, 0.1F}, {.positive_label = 0});
  EXPECT_EQ(spam.label, 0);
  EXPECT_EQ(spam.score, 0.9F);
  EXPECT_TRUE(spam.positive);
}

TEST(Decide, MovesTheBorderWithTheMode) {
  const ModeThresholds thresholds;
  for (const auto& [positive, strict, moderate, lenient] :
       {std::tuple{0.29F, 0, 0, 0}, {0.3F, 1, 0, 0}, {0.5F, 1, 1, 0}, {0.69F, 1, 1, 0}, {0.7F, 1, 1, 1}}) {
    const std::array row = {1.0F - positive, positive};
    EXPECT_EQ(Decide(row, {1, thresholds.At(Mode::kStrict)}).label, strict) << positive;
    EXPECT_EQ(Decide(row, {1, thresholds.At(Mode::kModerate)}).label, moderate) << positive;
    EXPECT_EQ(Decide(row, {1, thresholds.At(Mode::kLenient)}).label, lenient) << positive;
  }
  const Decision flagged = Decide(std::array{0.6F, 0.4F}, {1, 0.3F});
  EXPECT_EQ(flagged.label, 1);
  EXPECT_EQ(flagged.top, 0);
  EXPECT_EQ(flagged.confidence, 0.4F);
}

TEST(Decide, WeighsThePositiveLabelAgainstItsStrongestRival) {
  const std::array row = {0.45F, 0.3F, 0.25F};  // 0.3 / (0.3 + 0.45) = 0.4
  EXPECT_EQ(Decide(row, {1, 0.5F}).label, 0);
  EXPECT_EQ(Decide(row, {1, 0.39F}).label, 1);
  EXPECT_EQ(Decide(row, {1, 0.41F}).label, 0);
  EXPECT_EQ(Decide(row, {1, 0.39F}).score, 0.3F);
  EXPECT_EQ(Decide(std::array{0.4F, 0.35F, 0.25F}, {0, 0.7F}).label,
            1);  // the rival, once the positive one falls short
}

TEST(Decide, AtOneHalfAgreesWithTheMostProbableOfManyLabels) {
  for (int a = 0; a <= 20; ++a) {
    for (int b = 0; a + b <= 20; ++b) {
      const std::array row = {static_cast<float>(a) / 20, static_cast<float>(b) / 20,
                              static_cast<float>(20 - a - b) / 20};
      for (int32_t positive = 0; positive < 3; ++positive) {
        const Decision decision = Decide(row, {.positive_label = positive});
        EXPECT_EQ(row[static_cast<size_t>(decision.label)], *std::max_element(row.begin(), row.end()));
        EXPECT_EQ(decision.positive, row[static_cast<size_t>(positive)] == *std::max_element(row.begin(), row.end()));
      }
    }
  }
}

TEST(Decide, SaysWhichThresholdItApplied) {
  EXPECT_EQ(Decide(std::array{0.6F, 0.4F}, {1, 0.3F}).threshold, 0.3F);
  EXPECT_EQ(Decide(std::array{0.6F, 0.4F}, {.threshold = 0.3F}).threshold, std::nullopt) << "no positive label";
  const std::array thresholds = {0.3F, 0.7F};
  EXPECT_EQ(DecideMultiLabel(std::array{0.4F, 0.6F}, thresholds).threshold, 0.3F) << "of the decided label";
  EXPECT_EQ(DecideMultiLabel(std::array{0.2F, 0.6F}, thresholds).threshold, 0.7F) << "of the most probable label";
  EXPECT_EQ(DecideMultiLabel(std::array{0.2F, 0.6F}, {}, {.threshold = 0.9F}).threshold, 0.9F);
}

TEST(Decide, AbstainsBelowTheConfidenceAskedFor) {
  EXPECT_TRUE(Decide(std::array{0.55F, 0.45F}, {.abstain_below = 0.6F}).abstained);
  EXPECT_FALSE(Decide(std::array{0.6F, 0.4F}, {.abstain_below = 0.6F}).abstained);
}

TEST(Decide, AbstainsWhereAProbabilityIsNotANumber) {
  const Decision decision = Decide(std::array{kNaN, 0.4F}, {.positive_label = 1});
  EXPECT_TRUE(decision.abstained);
  EXPECT_EQ(decision.label, -1);
  EXPECT_EQ(decision.top, 1);
  EXPECT_EQ(decision.score, 0.0F);
  EXPECT_TRUE(Decide({}).abstained);
  EXPECT_EQ(Decide(std::array{kNaN}).top, -1);
  EXPECT_TRUE(DecideMultiLabel(std::array{0.9F, kNaN}, {}).labels.empty());
}

TEST(Decide, IgnoresAPositiveLabelThatIsNotThere) {
  EXPECT_EQ(Decide(std::array{0.3F, 0.7F}, {.positive_label = 7}).score, 0.7F);
  EXPECT_EQ(Decide(std::array{0.3F, 0.7F}, {.positive_label = 2}).score, 0.7F);
  EXPECT_EQ(Decide(std::array{1.0F}, {.positive_label = 0}).label, 0);
  EXPECT_TRUE(Decide(std::array{1.0F}, {.positive_label = 0}).positive) << "the only label there is";
  EXPECT_FALSE(Decide(std::array{1.0F}, {}).positive);
}

TEST(DecideMultiLabel, ListsEveryLabelThatReachesItsThreshold) {
  const std::array row = {0.5F, 0.49F, 0.95F, 0.2F};
  const Decision decision = DecideMultiLabel(row, {}, {.positive_label = 0});
  EXPECT_THAT(decision.labels, testing::ElementsAre(0, 2));
  EXPECT_EQ(decision.label, 2);
  EXPECT_EQ(decision.score, 0.95F);
  EXPECT_EQ(decision.confidence, 0.95F);
  EXPECT_TRUE(decision.positive);
  EXPECT_THAT(DecideMultiLabel(row, std::array{0.3F}).labels, testing::ElementsAre(0, 1, 2));
  EXPECT_THAT(DecideMultiLabel(row, std::array{0.9F, 0.4F, 0.99F, 0.2F}).labels, testing::ElementsAre(1, 3));
  EXPECT_EQ(DecideMultiLabel(row, std::array{0.9F, 0.4F, 0.99F, 0.2F}).label, 1);
}

TEST(DecideMultiLabel, SaysHowSureItIsOfNone) {
  const Decision none = DecideMultiLabel(std::array{0.25F, 0.125F}, {});
  EXPECT_EQ(none.label, -1);
  EXPECT_TRUE(none.labels.empty());
  EXPECT_EQ(none.score, 0.25F);
  EXPECT_EQ(none.confidence, 0.75F);
  EXPECT_EQ(none.top, 0);
}

TEST(DecideMultiLabel, HasTheScoreOfItsMostProbableDecidedLabel) {
  const std::array thresholds = {0.3F, 0.7F, 0.3F};
  const Decision first = DecideMultiLabel(std::array{0.4F, 0.6F, 0.4F}, thresholds, {.positive_label = 1});
  EXPECT_THAT(first.labels, testing::ElementsAre(0, 2));
  EXPECT_EQ(first.label, 0) << "the first one of equal probabilities";
  EXPECT_EQ(first.score, 0.4F);
  EXPECT_EQ(first.confidence, 0.4F);
  EXPECT_EQ(first.top, 1);
  EXPECT_FALSE(first.positive);
  EXPECT_TRUE(DecideMultiLabel(std::array{0.4F, 0.7F, 0.4F}, thresholds, {.positive_label = 1}).positive);
}

TEST(DecideMultiLabel, AbstainsBelowTheConfidenceAskedFor) {
  EXPECT_TRUE(DecideMultiLabel(std::array{0.55F, 0.1F}, {}, {.abstain_below = 0.6F}).abstained);
  EXPECT_FALSE(DecideMultiLabel(std::array{0.6F, 0.1F}, {}, {.abstain_below = 0.6F}).abstained);
  EXPECT_TRUE(DecideMultiLabel(std::array{0.45F, 0.1F}, {}, {.abstain_below = 0.6F}).abstained) << "of no label";
  EXPECT_FALSE(DecideMultiLabel(std::array{0.4F, 0.1F}, {}, {.abstain_below = 0.6F}).abstained);
  EXPECT_TRUE(DecideMultiLabel({}, {}).abstained);
}

}  // namespace
}  // namespace winnow

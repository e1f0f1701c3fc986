#include "decide/conformal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

TEST(AbstainForError, CountsAsSplitConformalDoes) {
  // 199 texts: k = ceil(200 * .98) = 196, so 3 may lie above.
  std::vector<float> confidence(199, 0.99F);
  std::vector<uint8_t> wrong(199, 0);
  for (size_t i = 0; i < 5; ++i) {
    wrong[i] = 1;
    confidence[i] = 0.6F + 0.05F * static_cast<float>(i);
  }
  const AbstentionThreshold found = AbstainForError(confidence, wrong, .02).value();
  EXPECT_EQ(found.below, std::nextafter(confidence[1], 1.0F));
  EXPECT_EQ(found.wrong_before, 5);
  EXPECT_EQ(found.wrong_answered, 3);
  EXPECT_EQ(found.abstained, 2);
}

TEST(AbstainForError, AbstainsFromNothingIfFewPredictionsAreWrong) {
  const std::vector<float> confidence(199, 0.9F);
  std::vector<uint8_t> wrong(199, 0);
  wrong[3] = 1;
  const AbstentionThreshold found = AbstainForError(confidence, wrong, .02).value();
  EXPECT_EQ(found.below, 0);
  EXPECT_EQ(found.abstained, 0);
  EXPECT_EQ(found.wrong_answered, 1);
}

TEST(AbstainForError, SaysWhatIsMissing) {
  EXPECT_EQ(TextsNeededForError(.01), 99);
  EXPECT_EQ(TextsNeededForError(.02), 49);
  EXPECT_EQ(TextsNeededForError(.5), 1);
  EXPECT_EQ(TextsNeededForError(.9), 1);
  const auto few = AbstainForError(std::vector<float>(98, 0.9F), std::vector<uint8_t>(98, 0), .01);
  ASSERT_FALSE(few);
  EXPECT_THAT(few.error().message, HasSubstr("needs at least 99 texts, and there are 98"));
  EXPECT_TRUE(AbstainForError(std::vector<float>(99, 0.9F), std::vector<uint8_t>(99, 0), .01));
  EXPECT_FALSE(AbstainForError({}, {}, .01));
  const auto sure = AbstainForError(std::vector<float>(99, 1.0F), std::vector<uint8_t>(99, 1), .01);
  ASSERT_FALSE(sure);
  EXPECT_THAT(sure.error().message, HasSubstr("with a confidence of 1"));
  for (const double bad : {0.0, 1.0, std::nan("")}) {
    EXPECT_EQ(AbstainForError({}, {}, bad).error().code, ErrorCode::kInvalidArgument);
  }
}

// Confidence c is uniform on (.5, 1) and right with probability c, so of all texts (1 - t)^2 are wrong with at least t.
TEST(AbstainForError, KeepsThePromiseOnAverageOverTenThousandDraws) {
  constexpr int kDraws = 10000, kTexts = 200;
  for (const double max_error : {.01, .05}) {
    Random random(11, "draws");
    std::vector<float> confidence(kTexts);
    std::vector<uint8_t> wrong(kTexts);
    double mean = 0, squares = 0, abstained = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      for (size_t i = 0; i < kTexts; ++i) {
        confidence[i] = static_cast<float>(0.5 + 0.5 * random.Uniform());
        wrong[i] = random.Uniform() >= static_cast<double>(confidence[i]) ? 1 : 0;
      }
      const double t = std::max(0.5, static_cast<double>(AbstainForError(confidence, wrong, max_error).value().below));
      const double error = (1 - t) * (1 - t);
      mean += error / kDraws;
      squares += error * error / kDraws;
      abstained += (t - 0.5) / 0.5 / kDraws;
    }
    const double deviation = 3 * std::sqrt((squares - mean * mean) / kDraws);
    EXPECT_LE(mean, max_error + deviation);
    EXPECT_GE(mean, max_error - 1.0 / (kTexts + 1) - deviation) << "what split conformal's upper bound says";
    EXPECT_LT(abstained, 0.95);
  }
}

}  // namespace
}  // namespace winnow

#include "decide/neyman_pearson.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/random.h"
#include "decide/fit_calibration.h"
#include "decide/probabilities.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

// SciPy 1.17.1: binom.cdf(n - k, n, alpha)
TEST(ViolationProbability, EqualsSciPy) {
  EXPECT_NEAR(ViolationProbability(149, 149, .02), 0.049281654330089596, 1e-14);
  EXPECT_NEAR(ViolationProbability(300, 298, .02), 0.06018369789056976, 1e-14);
  EXPECT_NEAR(ViolationProbability(1000, 996, .01), 0.028686399999004478, 1e-13);
  EXPECT_NEAR(ViolationProbability(10, 10, .5), 0.0009765625, 1e-15);
  EXPECT_NEAR(ViolationProbability(10, 1, .5), 1 - std::pow(.5, 10), 1e-12);
}

TEST(TextsNeededForFpr, AreThoseOfThePaper) {
  EXPECT_EQ(TextsNeededForFpr(.02, .95), 149);
  EXPECT_EQ(TextsNeededForFpr(.05, .95), 59);  // the paper's own example
  EXPECT_EQ(TextsNeededForFpr(.01, .95), 299);
  for (const double alpha : {.001, .01, .02, .1, .3}) {
    const int64_t n = TextsNeededForFpr(alpha, .95);
    EXPECT_LE(ViolationProbability(n, n, alpha), .05 * (1 + 1e-12));
    EXPECT_GT(std::pow(1 - alpha, static_cast<double>(n - 1)), .05);
  }
}

std::vector<float> Ascending(int n) {
  std::vector<float> scores;
  for (int i = 0; i < n; ++i) scores.push_back(static_cast<float>(i) / 1000.0F);
  return scores;
}

/// The threshold that keeps the bound itself.
Result<FprThreshold> ModerateForFpr(std::span<const float> negatives, double max_fpr, double confidence) {
  return TRY(ThresholdsForFpr(negatives, max_fpr, confidence)).moderate;
}

TEST(ModerateThreshold, TakesTheSmallestRankThatKeepsThePromise) {
  for (const int n : {149, 200, 500, 1000}) {
    const auto scores = Ascending(n);
    const FprThreshold found = ModerateForFpr(scores, .02, .95).value();
    EXPECT_LE(ViolationProbability(n, found.rank, .02), .05);
    EXPECT_GT(ViolationProbability(n, found.rank - 1, .02), .05);
    EXPECT_EQ(found.threshold, std::nextafter(scores[static_cast<size_t>(found.rank - 1)], 2.0F));
  }
}

TEST(ModerateThreshold, SaysHowManyTextsAreMissing) {
  const auto failed = ModerateForFpr(Ascending(148), .02, .95);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidData);
  EXPECT_THAT(failed.error().message, HasSubstr("needs at least 149 negatives, and there are 148"));
  EXPECT_THAT(failed.error().hint, HasSubstr("with 148 negatives the lowest rate that can be guaranteed is 0.0201"))
      << "1 - .05^(1 / 148) = .02004";
  EXPECT_THAT(ModerateForFpr({}, .02, .95).error().message, HasSubstr("there are 0"));
  for (const double wrong : {0.0, 1.0, -1.0, std::nan("")}) {
    EXPECT_EQ(ModerateForFpr(Ascending(300), wrong, .95).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(ModerateForFpr(Ascending(300), .02, wrong).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ModerateThreshold, LiesAboveEqualScores) {
  const std::vector<float> equal(200, 0.25F);
  const FprThreshold found = ModerateForFpr(equal, .02, .95).value();
  EXPECT_GT(found.threshold, 0.25F);
  EXPECT_FALSE(Decide(std::array{0.75F, 0.25F}, {.positive_label = 1, .threshold = found.threshold}).positive);
  EXPECT_EQ(static_cast<float>(static_cast<double>(found.threshold)), found.threshold) << "as winnow.json keeps it";
}

TEST(ModerateThreshold, IsRefusedWhereScoresCantGoHigher) {
  std::vector<float> scores = Ascending(200);
  for (size_t i = 150; i < 200; ++i) scores[i] = 1;
  const auto failed = ModerateForFpr(scores, .02, .95);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("50 of 200 negatives have a score of 1"));
}

TEST(ThresholdsForFpr, AreTwiceTheBoundTheBoundAndHalfOfIt) {
  const FprThresholds found = ThresholdsForFpr(Ascending(1000), .02, .95).value();
  EXPECT_EQ(found.strict.max_fpr, .04);
  EXPECT_EQ(found.lenient.max_fpr, .01);
  EXPECT_LT(found.strict.threshold, found.moderate.threshold);
  EXPECT_LT(found.moderate.threshold, found.lenient.threshold);
  EXPECT_GE(found.modes().strict, 0);
  EXPECT_LE(found.modes().lenient, 1);
  EXPECT_TRUE(found.notes.empty());
  EXPECT_LE(ViolationProbability(1000, found.lenient.rank, .01), .05);
}

TEST(ThresholdsForFpr, LenientPromisesWhatItsTextsAllow) {
  const FprThresholds found = ThresholdsForFpr(Ascending(200), .02, .95).value();
  EXPECT_EQ(found.lenient.rank, 200);
  EXPECT_NEAR(found.lenient.max_fpr, 1 - std::pow(.05, 1 / 200.0), 1e-15);
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_THAT(found.notes[0],
              HasSubstr("at most 0.0149 instead of 0.01, because the latter needs 299 negatives, and there are 200"));
  EXPECT_GE(found.lenient.threshold, found.moderate.threshold);
  EXPECT_FALSE(ThresholdsForFpr(Ascending(1000), .5, .95));
}

// Scores are uniform, so a threshold t has the false-positive rate 1 - t.
TEST(ThresholdsForFpr, KeepThePromiseInTenThousandDraws) {
  constexpr int kDraws = 10000, kTexts = 400;
  int strict = 0, moderate = 0, lenient = 0;
  double mean = 0;
  Random random(7, "scores");
  std::vector<float> scores(kTexts);
  FprThresholds found;
  for (int draw = 0; draw < kDraws; ++draw) {
    for (float& score : scores) score = static_cast<float>(random.Uniform());
    found = ThresholdsForFpr(scores, .02, .95).value();
    strict += 1 - static_cast<double>(found.strict.threshold) > .04;
    moderate += 1 - static_cast<double>(found.moderate.threshold) > .02;
    lenient += 1 - static_cast<double>(found.lenient.threshold) > .01;
    mean += (1 - static_cast<double>(found.moderate.threshold)) / kDraws;
  }
  // What the proposition says, three standard deviations around it; that is at most 5 %.
  const auto expect = [&](int violations, const FprThreshold& threshold) {
    const double exact = ViolationProbability(kTexts, threshold.rank, threshold.max_fpr);
    EXPECT_LE(exact, .05);
    EXPECT_NEAR(violations / static_cast<double>(kDraws), exact, 3 * std::sqrt(exact * (1 - exact) / kDraws));
  };
  expect(strict, found.strict);
  expect(moderate, found.moderate);
  expect(lenient, found.lenient);
  EXPECT_GT(mean, .005) << "and it is no uselessly low rate";
}

TEST(ThresholdsForFpr, KeepThePromiseWhereScoresAreEqual) {
  constexpr int kDraws = 10000, kTexts = 400, kLevels = 50;
  int violations = 0;
  Random random(8, "levels");
  std::vector<float> scores(kTexts);
  for (int draw = 0; draw < kDraws; ++draw) {
    for (float& score : scores) score = static_cast<float>(random.Below(kLevels)) / kLevels;
    const double threshold = static_cast<double>(ModerateForFpr(scores, .02, .95).value().threshold);
    const double fpr = (kLevels - std::ceil(threshold * kLevels - 1e-9)) / kLevels;
    violations += fpr > .02;
  }
  EXPECT_LE(violations, .05 * kDraws + 3 * std::sqrt(.05 * .95 * kDraws));
}

/// Two labels with logits (0, z): negatives z is normal around -2, the rest around 2.
double Upper(double z, double mean) { return 0.5 * std::erfc((z - mean) / std::sqrt(2.0)); }

// A temperature of the same texts changes the numbers, and none of the decisions.
TEST(ThresholdsForFpr, KeepThePromiseWithATemperatureOfTheSameTexts) {
  constexpr int kDraws = 2000, kTexts = 400;
  const std::vector<std::string> labels = {"ham", "spam"};
  int violations = 0;
  Random random(9, "logits");
  std::vector<float> logits(kTexts * 2), probabilities(kTexts * 2), negatives;
  std::vector<std::vector<int32_t>> truth(kTexts);
  for (int draw = 0; draw < kDraws; ++draw) {
    negatives.clear();
    for (size_t t = 0; t < kTexts; ++t) {
      const bool spam = t % 4 == 0;
      logits[2 * t] = 0;
      logits[2 * t + 1] = static_cast<float>(random.Normal() + (spam ? 2 : -2));
      truth[t] = {spam ? 1 : 0};
    }
    const CalibrationFit fit = FitCalibration(CalibrationMethod::kTemperature, {logits, truth, labels, false}).value();
    Calibrate(fit.calibration, logits, 2, false, probabilities);
    for (size_t t = 0; t < kTexts; ++t) {
      if (truth[t][0] == 0) negatives.push_back(PositiveScore(std::span(probabilities).subspan(2 * t, 2), 1));
    }
    const double threshold = static_cast<double>(ModerateForFpr(negatives, .02, .95).value().threshold);
    const double z = std::log(threshold / (1 - threshold)) * fit.calibration.temperature;
    violations += Upper(z, -2) > .02;
  }
  EXPECT_LE(violations, .05 * kDraws + 3 * std::sqrt(.05 * .95 * kDraws));
  EXPECT_GT(violations, 0);
}

TEST(PositiveScore, IsWhatDecideCompares) {
  EXPECT_EQ(PositiveScore(std::array{0.75F, 0.25F}, 1), 0.25F);
  EXPECT_FLOAT_EQ(PositiveScore(std::array{0.125F, 0.625F, 0.25F}, 1), 0.625F / 0.875F);
  EXPECT_FLOAT_EQ(PositiveScore(std::array{0.125F, 0.625F, 0.25F}, 0), 0.125F / 0.75F);
  EXPECT_EQ(PositiveScore(std::array{0.0F, 0.0F, 0.0F}, 0), 1) << "Decide compares 0 with a share of 0";
  int compared = 0;
  Random random(10, "rows");
  for (int i = 0; i < 20000; ++i) {
    std::array<float, 3> logits;
    for (float& z : logits) z = static_cast<float>(3 * random.Normal());
    std::array<float, 3> row;
    Softmax(logits, 3, 1, row);
    const float score = PositiveScore(row, 2);
    if (!(score < 1)) continue;
    ++compared;
    EXPECT_FALSE(Decide(row, {.positive_label = 2, .threshold = std::nextafter(score, 2.0F)}).positive);
    EXPECT_TRUE(
        Decide(row, {.positive_label = 2, .threshold = std::nextafter(std::nextafter(score, 0.0F), 0.0F)}).positive);
  }
  EXPECT_GT(compared, 19000);
}

TEST(FprText, NeverRoundsAGuaranteeDown) {
  EXPECT_EQ(FprText(0.02), "0.02");
  EXPECT_EQ(FprText(0.0125), "0.0125");
  EXPECT_EQ(FprText(0.005 / 2), "0.0025");
  EXPECT_EQ(FprText(1 - std::pow(0.05, 1 / 595.0)), "0.00503");  // 0.0050223
  EXPECT_EQ(FprText(0.0099999999), "0.01");
  EXPECT_EQ(FprText(1), "1");
  EXPECT_EQ(FprText(0), "0");
}

}  // namespace
}  // namespace winnow

#include "filter/evidence.h"

#include <gtest/gtest.h>

#include <cmath>

namespace winnow {
namespace {

TEST(Evidence, ProbabilityOfLogOddsIsTheInverse) {
  for (const double p : {1e-6, 0.1, 0.5, 0.9, 1 - 1e-6}) EXPECT_NEAR(ProbabilityOf(LogOdds(p)), p, 1e-12);
  EXPECT_TRUE(std::isfinite(LogOdds(0)));
  EXPECT_TRUE(std::isfinite(LogOdds(1)));
}

TEST(Evidence, WithoutOtherEvidenceTheScoreIsThatOfTheModel) {
  for (const double p : {0.0, 1e-12, 0.3, 0.5, 1.0}) EXPECT_EQ(CombinedScore({}, {}, p), p);
}

TEST(Evidence, LogOddsOfTheStepsAddUp) {
  const EvidenceWeights weights{.classifier = 2, .rules = 0.5, .reputation = 0.25, .unknown = -1};
  const double rules = 4 * std::tanh(0.5 * 3 / 4), reputation = 3 * std::tanh(0.25 * -2 / 3);
  EXPECT_NEAR(LogOdds(CombinedScore(weights, {.rules = 3, .reputation = -2}, 0.8)),
              2 * std::log(4) + rules + reputation, 1e-9);
  EXPECT_NEAR(LogOdds(CombinedScore(weights, {.rules = 3, .reputation = -2}, std::nullopt)), -1 + rules + reputation,
              1e-9);
}

TEST(Evidence, RulesAndReputationAreBounded) {
  const Evidence much{.rules = 1e6, .reputation = 1e6};
  EXPECT_NEAR(LogOdds(CombinedScore({}, much, 0.5)), kMostRulesEvidence + kMostReputationEvidence, 1e-6);
  EXPECT_LT(CombinedScore({}, {.rules = 1e6}, 0.001), 0.1) << "a very confident model is not outvoted by rules";
}

TEST(Evidence, TheCommandLinePrecedesTheFileOfRules) {
  const EvidenceWeights weights =
      EffectiveWeights({.classifier = 2}, {.classifier = 3, .rules = 0.25, .intercept = -1});
  EXPECT_EQ(weights.classifier, 2);
  EXPECT_EQ(weights.rules, 0.25);
  EXPECT_EQ(weights.reputation, 1);
  EXPECT_EQ(weights.intercept, -1);
  EXPECT_NEAR(LogOdds(CombinedScore(weights, {}, 0.8)), -1 + 2 * std::log(4), 1e-9);
}

TEST(Evidence, UnknownMessagesAreHamInEveryMode) { EXPECT_LT(CombinedScore({}, {}, std::nullopt), 0.3); }

}  // namespace
}  // namespace winnow

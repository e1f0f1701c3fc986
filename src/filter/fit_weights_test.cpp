#include "filter/fit_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/random.h"
#include "support/error_of.h"

namespace winnow {
namespace {

using testing::HasSubstr;

/// Messages whose labels are drawn with the probability that the weights give.
std::vector<WeighedMessage> Drawn(const EvidenceWeights& truth, size_t count) {
  Random random(7, "messages");
  const auto uniform = [&] { return static_cast<double>(random.Below(1'000'001)) / 1e6; };
  std::vector<WeighedMessage> messages;
  for (size_t i = 0; i < count; ++i) {
    WeighedMessage message{.probability = ProbabilityOf(8 * uniform() - 4), .group = i};
    if (uniform() < 0.7) message.evidence.rules = 8 * uniform() - 3;
    if (uniform() < 0.5) message.evidence.reputation = 4 * uniform() - 2;
    message.spam = uniform() < CombinedScore(truth, message.evidence, message.probability);
    messages.push_back(message);
  }
  return messages;
}

TEST(FitWeights, FindsTheWeightsThatTheLabelsWereDrawnWith) {
  const EvidenceWeights truth{.classifier = 0.6, .rules = 0.9, .reputation = 0.4, .intercept = -0.8};
  const EvidenceWeights found = FitWeights(Drawn(truth, 20000));
  EXPECT_NEAR(found.classifier, truth.classifier, 0.05);
  EXPECT_NEAR(found.rules, truth.rules, 0.07);
  EXPECT_NEAR(found.reputation, truth.reputation, 0.1);
  EXPECT_NEAR(found.intercept, truth.intercept, 0.1);
}

TEST(FitWeights, IsAtAMinimum) {
  const std::vector<WeighedMessage> messages = Drawn({.classifier = 0.7, .rules = 0.3, .intercept = 0.5}, 300);
  const EvidenceWeights found = FitWeights(messages);
  const auto posterior = [&](const EvidenceWeights& weights) {
    double value = std::pow((weights.intercept) / 1.5, 2) / 2 + std::pow(weights.classifier - 1, 2) / 2 +
                   std::pow((weights.rules - 0.5) / 0.5, 2) / 2 + std::pow(weights.reputation - 1, 2) / 2;
    for (const WeighedMessage& message : messages) {
      const double p = CombinedScore(weights, message.evidence, message.probability);
      value -= std::log(message.spam ? p : 1 - p);
    }
    return value;
  };
  const double least = posterior(found);
  for (double EvidenceWeights::*const weight : {&EvidenceWeights::intercept, &EvidenceWeights::classifier,
                                                &EvidenceWeights::rules, &EvidenceWeights::reputation}) {
    for (const double by : {-1e-3, 1e-3}) {
      EvidenceWeights other = found;
      other.*weight += by;
      EXPECT_GT(posterior(other), least - 1e-9);
    }
  }
}

TEST(FitWeights, StaysAtTheUsualWeightsWithoutEvidence) {
  std::vector<WeighedMessage> messages = Drawn({}, 400);
  for (WeighedMessage& message : messages) message.evidence = {};
  const EvidenceWeights found = FitWeights(messages);
  EXPECT_NEAR(found.rules, 0.5, 1e-6);
  EXPECT_NEAR(found.reputation, 1, 1e-6);
}

TEST(FitWeights, RulesThatAreWrongGetNoNegativeWeight) {
  std::vector<WeighedMessage> messages = Drawn({}, 2000);
  for (WeighedMessage& message : messages) message.evidence.rules = message.spam ? -4 : 4;
  EXPECT_EQ(FitWeights(messages).rules, 0);
}

TEST(FitWeights, AMessageThatStandsForTwoCountsTwice) {
  std::vector<WeighedMessage> messages = Drawn({.classifier = 0.5, .rules = 0.8, .intercept = 1}, 200);
  std::vector<WeighedMessage> twice = messages;
  for (size_t i = 0; i < messages.size(); i += 2) {
    messages[i].count = 2;
    twice.push_back(messages[i]);
    twice.back().count = twice[i].count = 1;
  }
  const std::vector<double> scores(messages.size(), 0.3), more(twice.size(), 0.3);
  EXPECT_NEAR(QualityOf(messages, scores).log_loss, QualityOf(twice, more).log_loss, 1e-12);
  EXPECT_NEAR(QualityOf(messages, scores).ece, QualityOf(twice, more).ece, 1e-12);
  EXPECT_NEAR(FitWeights(messages).classifier, FitWeights(twice).classifier, 0.1);
}

TEST(ScoreQuality, IsThatOfItsDefinitions) {
  const std::vector<WeighedMessage> messages = {{.spam = true}, {.spam = false}, {.spam = false}, {.spam = true}};
  const ScoreQuality quality = QualityOf(messages, std::vector<double>{0.9, 0.1, 0.6, 0.6});
  EXPECT_NEAR(quality.log_loss, -(2 * std::log(0.9) + std::log(0.4) + std::log(0.6)) / 4, 1e-12);
  EXPECT_NEAR(quality.accuracy, 0.75, 1e-12);
  EXPECT_NEAR(quality.ece, (0.1 + 0.1 + 0.2) / 4, 1e-12) << "of the bins of .9, .1 and .6";
}

TEST(FitAndMeasure, MeasuresOnMessagesThatWereNotFittedTo) {
  const EvidenceWeights truth{.classifier = 0.5, .rules = 1.2, .reputation = 1, .intercept = -1};
  const WeightFit better = FitAndMeasure(Drawn(truth, 2000), {}).value();
  EXPECT_TRUE(better.improves());
  EXPECT_LT(better.after.ece, better.before.ece);
  EXPECT_EQ(better.parts, 10u);
  const WeightFit same = FitAndMeasure(Drawn({}, 2000), {}).value();
  EXPECT_NEAR(same.after.log_loss, same.before.log_loss, 0.01) << "there is nothing to gain";
  // Labels that have nothing to do with the messages, many times the same texts: nothing is learnt from a text's
  // copies.
  std::vector<WeighedMessage> copies;
  Random random(3, "labels");
  for (size_t i = 0; i < 40; ++i) {
    const WeighedMessage one{
        .probability = 0.5, .evidence = {.rules = i % 2 == 0 ? 5.0 : -5.0}, .spam = random.Below(2) == 1, .group = i};
    copies.insert(copies.end(), 5, one);
  }
  const WeightFit nothing = FitAndMeasure(copies, {.rules = 0}).value();
  EXPECT_GT(nothing.after.log_loss, 0.6);
}

TEST(FitAndMeasure, RefusesTooFewMessages) {
  std::vector<WeighedMessage> messages(100, {.probability = 0.3, .spam = true, .group = 1});
  EXPECT_THAT(ErrorOf(FitAndMeasure(messages, {})).message, HasSubstr("1 spam and 0 ham"));
  for (size_t i = 0; i < messages.size(); ++i) messages[i].group = i;
  EXPECT_THAT(ErrorOf(FitAndMeasure(messages, {})).message, HasSubstr("100 spam and 0 ham"));
}

TEST(GroupOfText, IgnoresWhatCampaignsVary) {
  EXPECT_EQ(GroupOfText("Win 100 EUR\n"), GroupOfText("win 2500  eur"));
  EXPECT_NE(GroupOfText("Win"), GroupOfText("Won"));
}

}  // namespace
}  // namespace winnow

#include "classify/linear_scorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "decide/probabilities.h"

namespace winnow {
namespace {

LinearModel Model(LinearKind kind, size_t labels, bool multi_label, std::vector<PlattScale> platt = {}) {
  const Vectorizer vectorizer =
      Vectorizer::FromParts(
          {.options = {.min_ngram = 1, .max_ngram = 1}, .names = {"card", "lost", "pay"}, .idf = {1, 2, 1}})
          .value();
  LinearWeights weights{.features = 3, .outputs = labels == 2 && !multi_label ? 1 : labels, .weights = {}, .bias = {}};
  for (size_t i = 0; i < weights.features * weights.outputs; ++i) {
    weights.weights.push_back(i % 2 == 0 ? 1.5F * static_cast<float>(i) : -2.0F);
  }
  for (size_t k = 0; k < weights.outputs; ++k) weights.bias.push_back(-0.5F * static_cast<float>(k));
  return LinearModel::Make(vectorizer, weights, kind, labels, multi_label, std::move(platt)).value();
}

std::vector<float> ProbabilitiesOfScores(const LinearModel& model, const std::vector<float>& scores,
                                         double temperature) {
  std::vector<float> row(model.labels());
  LogitsOfScores(model.kind(), false, model.platt(), scores, row);
  Softmax(row, static_cast<int>(row.size()), temperature, row);
  return row;
}

TEST(LinearScorer, TheProbabilityWithoutAWordIsThatOfTheScoresWithoutIt) {
  constexpr double kTemperature = 1.5;
  ThreadPool pool(2);
  const std::vector<PlattScale> platt = {{-1.5F, 0.25F}, {-1, 0}, {-0.5F, 1}};
  const std::string_view text = "Card lost, pay";
  for (const LinearKind kind : {LinearKind::kLogistic, LinearKind::kLogisticOneVsRest, LinearKind::kSvm}) {
    const LinearModel model = Model(kind, 3, false, kind == LinearKind::kSvm ? platt : std::vector<PlattScale>());
    const LinearScorer scorer(model, false, pool);
    LinearModel::Scratch scratch;
    std::vector<float> scores(3);
    model.Scores(text, scratch, scores);
    const std::vector<float> whole = ProbabilitiesOfScores(model, scores, kTemperature);
    for (size_t label = 0; label < 3; ++label) {
      const TextShares sum = scorer.SharesOf(text, label, whole, kTemperature);
      ASSERT_EQ(sum.shares.size(), 3U);
      ASSERT_TRUE(sum.probability_without);
      EXPECT_NEAR(sum.probability_without(0, 0), whole[label], 1e-5) << "without nothing";
      EXPECT_NEAR(sum.probability_without(0, 3), ProbabilitiesOfScores(model, {0, -0.5F, -1}, kTemperature)[label],
                  1e-5)
          << "the biases alone";
      for (size_t word = 0; word < 3; ++word) {
        std::vector<float> left = scores;
        for (size_t k = 0; k < 3; ++k) left[k] -= static_cast<float>(model.Contributions(text, k)[word].share);
        EXPECT_NEAR(sum.probability_without(word, word + 1), ProbabilitiesOfScores(model, left, kTemperature)[label],
                    1e-5);
      }
    }
  }
}

TEST(LinearScorer, SharesOfSeveralLabelsAddUpToTheLogOddsAndAPositiveOneRaisesTheProbability) {
  ThreadPool pool(1);
  Random random(7, "shares");
  const Vectorizer vectorizer =
      Vectorizer::FromParts(
          {.options = {.min_ngram = 1, .max_ngram = 1}, .names = {"card", "lost", "pay"}, .idf = {1, 2, 1}})
          .value();
  size_t positive = 0, with_sign_of_change = 0, all = 0;
  for (int model = 0; model < 200; ++model) {
    LinearWeights weights{.features = 3, .outputs = 5, .weights = {}, .bias = {}};
    for (size_t i = 0; i < 15; ++i) weights.weights.push_back(static_cast<float>(4 * random.Normal()));
    for (size_t k = 0; k < 5; ++k) weights.bias.push_back(static_cast<float>(random.Normal()));
    const LinearModel linear = LinearModel::Make(vectorizer, weights, LinearKind::kLogistic, 5, false, {}).value();
    const LinearScorer scorer(linear, false, pool);
    LinearModel::Scratch scratch;
    std::vector<float> scores(5);
    linear.Scores("Card lost, pay", scratch, scores);
    const std::vector<float> whole = ProbabilitiesOfScores(linear, scores, 1.25);
    for (size_t label = 0; label < 5; ++label) {
      const TextShares sum = scorer.SharesOf("Card lost, pay", label, whole, 1.25);
      ASSERT_EQ(sum.shares.size(), 3U);
      const double p = sum.probability_without(0, 0);
      double log_odds = sum.base;
      for (const TextShare& share : sum.shares) log_odds += share.share;
      if (p > 1e-5 && p < 1 - 1e-5) {
        EXPECT_NEAR(log_odds, std::log(p / (1 - p)), 1e-2);
      }
      for (size_t word = 0; word < 3; ++word) {
        const double change = p - sum.probability_without(word, word + 1), share = sum.shares[word].share;
        if (share > 0) {
          ++positive;
          EXPECT_GE(change, -1e-6) << "without the word the probability is lower";
        }
        ++all;
        with_sign_of_change += (share > 0) == (change > 0) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(positive, 500U);
  EXPECT_GT(static_cast<double>(with_sign_of_change), 0.9 * static_cast<double>(all));
}

TEST(LinearScorer, LabelsWithAProbabilityOfTheirOwnNeedNoOthers) {
  ThreadPool pool(1);
  const std::vector<float> probabilities = {0.2F, 0.3F, 0.5F};
  const LinearScorer several(Model(LinearKind::kLogistic, 3, true), false, pool);
  EXPECT_FALSE(several.SharesOf("card", 1, probabilities, 1).probability_without);
  const LinearScorer two(Model(LinearKind::kLogistic, 2, false), false, pool);
  EXPECT_FALSE(two.SharesOf("card", 1, std::vector<float>{0.2F, 0.8F}, 1).probability_without);
}

}  // namespace
}  // namespace winnow

#include "classify/linear_scorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

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

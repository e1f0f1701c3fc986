#include "linear/linear_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "support/numbers.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

/// Features "cat" and "dog", one word each, of which a text that has one has the value 1.
Vectorizer Pets(Analyzer analyzer = Analyzer::kWord) {
  FeatureParts parts;
  parts.options.analyzer = analyzer;
  parts.options.max_ngram = 3;
  parts.options.min_char_ngram = 3;
  parts.options.max_char_ngram = 3;
  parts.names = {"cat", "dog", "dog cat", "ats", " do"};
  parts.word_features = analyzer == Analyzer::kBoth ? 3 : 0;
  parts.idf = {1, 1, 2, 1, 1};
  return *Vectorizer::FromParts(parts);
}

LinearModel Make(size_t labels, bool multi_label, LinearKind kind, std::vector<float> of_cat, std::vector<float> of_dog,
                 std::vector<float> bias, std::vector<PlattScale> platt = {}, Analyzer analyzer = Analyzer::kWord) {
  LinearWeights weights;
  weights.features = 5;
  weights.outputs = bias.size();
  weights.weights = std::move(of_cat);
  weights.weights.insert(weights.weights.end(), of_dog.begin(), of_dog.end());
  for (const float w : RandomFloats(3 * bias.size(), 8)) weights.weights.push_back(w);
  weights.bias = std::move(bias);
  auto model = LinearModel::Make(Pets(analyzer), std::move(weights), kind, labels, multi_label, std::move(platt));
  if (!model) throw std::runtime_error(model.error().message);
  return *std::move(model);
}

std::vector<float> Logits(const LinearModel& model, std::string_view text) {
  LinearModel::Scratch scratch;
  std::vector<float> logits(model.labels());
  model.Logits(text, scratch, logits);
  return logits;
}

float LogSigmoid(double x) { return static_cast<float>(-std::log1p(std::exp(-x))); }

TEST(LinearModel, OfTwoLabelsHasOneScore) {
  const LinearModel model = Make(2, false, LinearKind::kLogistic, {2}, {-3}, {0.5});
  EXPECT_EQ(model.outputs(), 1u);
  EXPECT_THAT(Logits(model, "the cat"), ElementsAre(0, FloatNear(2.5f, 1e-6f)));
  EXPECT_THAT(Logits(model, "A DOG!"), ElementsAre(0, FloatNear(-2.5f, 1e-6f)));
  EXPECT_THAT(Logits(model, ""), ElementsAre(0, 0.5f)) << "without features the bias is left";
}

TEST(LinearModel, OfMoreLabelsHasTheirScoresAsLogits) {
  const LinearModel model = Make(3, false, LinearKind::kLogistic, {1, 2, 3}, {-1, 0, 4}, {0.5, 0, 0});
  EXPECT_THAT(Logits(model, "cat"), ElementsAre(1.5f, 2, 3));
  EXPECT_THAT(Logits(model, "dog"), ElementsAre(-0.5f, 0, 4));
}

TEST(LinearModel, OfLabelsFittedOneByOneHasTheLogarithmsOfTheirProbabilities) {
  const LinearModel model = Make(3, false, LinearKind::kLogisticOneVsRest, {1, -2, 3}, {100, -100, 0}, {0, 0, 0});
  EXPECT_THAT(Logits(model, "cat"), ElementsAre(FloatNear(LogSigmoid(1), 1e-6f), FloatNear(LogSigmoid(-2), 1e-6f),
                                                FloatNear(LogSigmoid(3), 1e-6f)));
  EXPECT_THAT(Logits(model, "dog"), ElementsAre(FloatNear(0, 1e-30f), -100, FloatNear(std::log(0.5f), 1e-6f)));
}

TEST(LinearModel, OfSeveralLabelsAtOnceHasALogitForEach) {
  const LinearModel model = Make(2, true, LinearKind::kLogistic, {1, -2}, {3, 4}, {0.5, -0.5});
  EXPECT_EQ(model.outputs(), 2u);
  EXPECT_THAT(Logits(model, "cat"), ElementsAre(1.5f, -2.5f));
}

TEST(LinearModel, OfSvmsHasItsPlattScaledProbabilities) {
  const std::vector<PlattScale> scales = {{-2, 0.5f}};
  EXPECT_THAT(Logits(Make(2, false, LinearKind::kSvm, {2}, {-3}, {0}, scales), "cat"),
              ElementsAre(0, FloatNear(3.5f, 1e-6f)));
  const LinearModel three =
      Make(3, false, LinearKind::kSvm, {1, 2, 3}, {0, 0, 0}, {0, 0, 0}, {{-1, 0}, {-2, 1}, {-3, 0}});
  EXPECT_THAT(Logits(three, "cat"), ElementsAre(FloatNear(LogSigmoid(1), 1e-6f), FloatNear(LogSigmoid(3), 1e-6f),
                                                FloatNear(LogSigmoid(9), 1e-6f)));
  EXPECT_THAT(Logits(Make(2, true, LinearKind::kSvm, {1, 2}, {0, 0}, {0, 0}, {{-1, 0}, {-2, 1}}), "cat"),
              ElementsAre(1, 3));
}

TEST(LinearModel, GivesManyTextsTheLogitsThatEachHasAlone) {
  const std::vector<float> cat = RandomFloats(40, 1), dog = RandomFloats(40, 2), bias = RandomFloats(40, 3);
  const LinearModel model = Make(40, false, LinearKind::kLogistic, cat, dog, bias);
  const std::vector<std::string_view> texts = {"dog cat", "", "cat dog cat", "\xff dog", "cats", "a dog", "x"};
  ThreadPool pool(3);
  std::vector<float> logits(texts.size() * 40);
  model.Logits(texts, pool, logits);
  for (size_t t = 0; t < texts.size(); ++t) {
    EXPECT_THAT(std::span(logits).subspan(t * 40, 40), testing::ElementsAreArray(Logits(model, texts[t])));
  }
}

TEST(LinearModel, RefusesPartsThatDisagree) {
  const auto make = [](size_t labels, std::vector<float> weights, std::vector<float> bias,
                       std::vector<PlattScale> platt) {
    LinearWeights all{5, bias.size(), std::move(weights), bias};
    return LinearModel::Make(Pets(), std::move(all), LinearKind::kLogistic, labels, false, std::move(platt));
  };
  EXPECT_TRUE(make(2, {1, 2, 3, 4, 5}, {0}, {}));
  EXPECT_FALSE(make(0, {1, 2, 3, 4, 5}, {0}, {}));
  EXPECT_FALSE(make(0, {}, {}, {}));
  EXPECT_FALSE(make(3, {1, 2, 3, 4, 5}, {0}, {}));
  EXPECT_FALSE(make(2, {1, 2, 3, 4}, {0}, {}));
  EXPECT_FALSE(make(2, {1, 2, 3, 4, 5}, {0}, {{-1, 0}, {-1, 0}}));
  EXPECT_FALSE(make(2, {1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN()}, {0}, {}));
  EXPECT_FALSE(make(2, {1, 2, 3, 4, 5}, {std::numeric_limits<float>::infinity()}, {}));
  EXPECT_FALSE(make(2, {1, 2, 3, 4, 5}, {0}, {{std::numeric_limits<float>::quiet_NaN(), 0}}));
}

TEST(Contributions, SumToTheScoreWithoutItsBias) {
  for (const Analyzer analyzer : {Analyzer::kWord, Analyzer::kChar, Analyzer::kCharWb, Analyzer::kBoth}) {
    const LinearModel model = Make(3, false, LinearKind::kLogistic, {1, -2, 3}, {2, 0.5, -1}, {5, 6, 7}, {}, analyzer);
    for (const std::string_view text : {"Dog cat, cats and dogs",
                                        "\xff"
                                        "dog \xf0\x9f"
                                        "cat",
                                        "", "none", "İ dog\u0307 cats"}) {
      LinearModel::Scratch scratch;
      std::vector<float> scores(3);
      model.Scores(text, scratch, scores);
      for (size_t label = 0; label < 3; ++label) {
        double sum = 0;
        size_t last = 0;
        for (const Contribution& piece : model.Contributions(text, label)) {
          EXPECT_LE(last, piece.begin);
          EXPECT_LT(piece.begin, piece.end);
          EXPECT_LE(piece.end, text.size());
          last = piece.end;
          sum += piece.share;
        }
        EXPECT_NEAR(sum, scores[label] - model.bias()[label], 1e-5) << text;
      }
    }
  }
}

TEST(Contributions, NameTheWordsAndShareWhatTheySayTogether) {
  LinearWeights weights{5, 1, {4, 1, 3, 0, 0}, {0.25f}};
  const LinearModel model = *LinearModel::Make(Pets(), std::move(weights), LinearKind::kLogistic, 2, false);
  // dog, cat and "dog cat" of length sqrt(1 + 1 + 4).
  const std::vector<Contribution> pieces = model.Contributions("My Dog, cat.", 1);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].begin, 3u);
  EXPECT_EQ(pieces[0].end, 6u);
  EXPECT_NEAR(pieces[0].share, (1 + 6.0 / 2) / std::sqrt(6.0), 1e-6);
  EXPECT_EQ(pieces[1].begin, 8u);
  EXPECT_EQ(pieces[1].end, 11u);
  EXPECT_NEAR(pieces[1].share, (4 + 6.0 / 2) / std::sqrt(6.0), 1e-6);
  EXPECT_NEAR(model.Contributions("My Dog, cat.", 0)[1].share, -pieces[1].share, 1e-12) << "of the other label";
}

}  // namespace
}  // namespace winnow

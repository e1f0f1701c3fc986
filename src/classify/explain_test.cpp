#include "classify/explain.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"
#include "text/segments.h"

namespace winnow {
namespace {

using testing::ElementsAre;

class Explain : public testing::Test {
 protected:
  BundleClassifier Load(const std::string& positive = "spam", LongText long_text = LongText::kHead, bool fold = false) {
    const std::vector<std::string> texts = {"win a prize now", "see you at six", "call me later", "free money"};
    const Model model = Model::Fresh(WriteTinyTokenizer(texts, dir_.path()), 3);
    EXPECT_TRUE(model.Save(dir_.path()));
    Manifest manifest;
    manifest.max_length = kTinyMaxLength;
    manifest.positive_label = positive;
    manifest.long_text = long_text;
    manifest.fold_disguises = fold;
    EXPECT_TRUE(SealBundle(dir_.path(), manifest));
    return BundleClassifier::Load(dir_.path(), pool_).value();
  }

  static double LogOdds(const BundleClassifier& classifier, InputTextView text) {
    const std::vector<float> row = classifier.Probabilities({&text, 1}).value();
    return std::log(static_cast<double>(row[1])) - std::log(static_cast<double>(row[0]));
  }

  TemporaryDirectory dir_;
  ThreadPool pool_{2};
};

std::vector<std::string> WordsOf(const Explanation& explanation, std::string_view text) {
  std::vector<std::string> words;
  for (const WordEffect& word : explanation.words) words.emplace_back(text.substr(word.begin, word.end - word.begin));
  return words;
}

TEST_F(Explain, EffectsAreLogOddsWithAWordMinusWithoutIt) {
  const BundleClassifier classifier = Load();
  const std::string_view text = "win a prize, call!";
  const Explanation explanation = ExplainText(classifier, text).value();
  EXPECT_EQ(explanation.label, "spam");
  EXPECT_FALSE(explanation.exact);
  EXPECT_THAT(WordsOf(explanation, text), ElementsAre("win", "a", "prize", ",", "call", "!"));
  const char* without[] = {"a prize, call!",    "win prize, call!", "win a , call!",
                           "win a prize call!", "win a prize, !",   "win a prize, call"};
  for (size_t i = 0; i < explanation.words.size(); ++i) {
    EXPECT_NEAR(explanation.words[i].effect, LogOdds(classifier, text) - LogOdds(classifier, without[i]), 1e-4) << i;
  }
  EXPECT_NEAR(explanation.base, LogOdds(classifier, ""), 1e-4);
  const double odds = std::exp(LogOdds(classifier, text));
  EXPECT_NEAR(explanation.score, odds / (1 + odds), 1e-5);
}

TEST_F(Explain, ThePositiveLabelOfTwoIsExplainedWhateverWasDecided) {
  EXPECT_EQ(ExplainText(Load("spam"), "see you").value().label, "spam");
  EXPECT_EQ(ExplainText(Load("ham"), "see you").value().label, "ham");
}

TEST_F(Explain, LongTextsAreExplainedInPhrases) {
  const BundleClassifier classifier = Load("spam", LongText::kWindows);
  std::string text;
  for (int i = 0; i < 100; ++i) text += "win money ";
  const Explanation explanation = ExplainText(classifier, text, {}, 30).value();
  EXPECT_EQ(explanation.words_in_effect, 7u);
  EXPECT_EQ(explanation.words.size(), 29u);
  EXPECT_EQ(WordsOf(explanation, text).front(), "win money win money win money win");
  EXPECT_EQ(explanation.unread, 0u);
}

TEST_F(Explain, WordsPastTheModelsLengthAreNotLeftOut) {
  const BundleClassifier classifier = Load();
  std::string text;
  for (int i = 0; i < 500; ++i) text += "win ";
  const Explanation explanation = ExplainText(classifier, text).value();
  EXPECT_EQ(explanation.words.size() + explanation.unread, 500u);
  EXPECT_LE(explanation.words.size(), static_cast<size_t>(kTinyMaxLength));
  EXPECT_EQ(explanation.words_in_effect, 1u);
}

TEST_F(Explain, SegmentsStayApart) {
  const BundleClassifier classifier = Load();
  const std::string text = std::string("win now") + kSegmentSeparator + "call me";
  const Explanation explanation = ExplainText(classifier, InputTextView::OfJoined(text), {}, 2).value();
  EXPECT_THAT(WordsOf(explanation, text), ElementsAre("win now", "call me"));
  const std::string without = std::string("win now") + kSegmentSeparator;
  EXPECT_NEAR(
      explanation.words[1].effect,
      LogOdds(classifier, InputTextView::OfJoined(text)) - LogOdds(classifier, InputTextView::OfJoined(without)), 1e-4);
}

TEST_F(Explain, DisguisedWordsAreOneWhereTheyAreFolded) {
  const BundleClassifier classifier = Load("spam", LongText::kHead, true);
  const std::string text = "win f.r.e.e m\u200B0n\u0435y now";
  const Explanation explanation = ExplainText(classifier, text).value();
  EXPECT_THAT(WordsOf(explanation, text), ElementsAre("win", "f.r.e.e", "m\u200B0n\u0435y", "now"));
  const Explanation plain = ExplainText(classifier, "win free money now").value();
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(explanation.words[i].effect, plain.words[i].effect, 1e-4);
}

TEST_F(Explain, AnyBytesAreExplained) {
  const BundleClassifier classifier = Load();
  EXPECT_TRUE(ExplainText(classifier, "").value().words.empty());
  EXPECT_TRUE(ExplainText(classifier, " \t\n").value().words.empty());
  Random random(5, "explain");
  for (int i = 0; i < 100; ++i) {
    std::string text;
    for (uint32_t left = random.Below(30); left > 0; --left) text += static_cast<char>(random.Below(256));
    const auto explanation = ExplainText(classifier, i % 2 == 0 ? InputTextView::OfJoined(text) : InputTextView(text));
    ASSERT_TRUE(explanation);
    for (const WordEffect& word : explanation->words) {
      ASSERT_LT(word.begin, word.end);
      ASSERT_LE(word.end, text.size());
      ASSERT_TRUE(std::isfinite(word.effect));
    }
  }
}

TEST(ExplainShares, AddUpToTheScore) {
  const std::string_view text = "free now, ok";
  const TextShares shares{.shares = {{0, 1, 0.5}, {1, 4, 1}, {4, 5, 0.25}, {5, 8, -2}, {10, 12, 0.125}}, .base = -1};
  const double score = 1 / (1 + std::exp(1.125));
  const Explanation explanation = ExplainShares(text, shares, "spam", score);
  EXPECT_TRUE(explanation.exact);
  EXPECT_THAT(WordsOf(explanation, text), ElementsAre("free", " ", "now", "ok"));
  double sum = static_cast<double>(explanation.base);
  for (const WordEffect& word : explanation.words) sum += static_cast<double>(word.effect);
  EXPECT_NEAR(sum, -1.125, 1e-6);
  EXPECT_NEAR(explanation.score, score, 1e-6);
  EXPECT_NEAR(explanation.words[0].effect, 1.5, 1e-6);
  EXPECT_NEAR(explanation.words[0].score_change, score - 1 / (1 + std::exp(2.625)), 1e-6);
  EXPECT_TRUE(ExplainShares("", {}, "spam", 0.5).words.empty());
}

TEST(ExplainShares, AmongSeveralLabelsTheProbabilityWithoutAWordCounts) {
  TextShares shares{.shares = {{0, 2, 0.5}, {2, 4, 1}, {5, 8, -2}}, .base = 3};
  shares.probability_without = [](size_t begin, size_t end) { return 0.1 * static_cast<double>(begin + end); };
  const Explanation explanation = ExplainShares("free now", shares, "spam", 0.25);
  ASSERT_EQ(explanation.words.size(), 2u);
  EXPECT_NEAR(explanation.score, 0.25, 1e-6);
  EXPECT_NEAR(explanation.words[0].score_change, 0.25 - 0.2, 1e-6) << "without the first two shares";
  EXPECT_NEAR(explanation.words[1].score_change, 0.25 - 0.5, 1e-6) << "without the third";
}

}  // namespace
}  // namespace winnow

#include "classify/scorer.h"

#include <gtest/gtest.h>

#include "classify/bundle_classifier.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

class ScorerTest : public testing::Test {
 protected:
  BundleClassifier Transformer(LongText long_text) {
    const Model model = Model::Fresh(WriteTinyTokenizer({"win a prize now", "free money"}, dir_.path()), 3);
    EXPECT_TRUE(model.Save(dir_.path()));
    return BundleClassifier::Load(dir_.path(), pool_, Weights::kAuto, long_text).value();
  }
  BundleClassifier Linear() {
    WriteTinyLinear(dir_.path() / "linear", "linear", "1.0.0", .25);
    return BundleClassifier::Load(dir_.path() / "linear", pool_).value();
  }

  const TemporaryDirectory dir_;
  ThreadPool pool_{2};
};

/// Texts of some length, segments among them.
std::vector<InputText> Texts() {
  std::vector<InputText> texts = {"", "win a prize", InputText::OfJoined("free\x1emoney now")};
  std::string text;
  for (int i = 0; i < 60; ++i) text += i % 2 == 0 ? "win " : "money ";
  texts.push_back(text);
  return texts;
}

std::vector<float> Scored(const BundleClassifier& classifier, const PreparedTexts& prepared) {
  std::vector<float> probabilities(prepared.count() * classifier.labels().size());
  EXPECT_TRUE(classifier.ProbabilitiesOf(prepared, probabilities));
  return probabilities;
}

/// Whatever the model: texts that were prepared together and are put together anew score as they do alone.
void ExpectBatchesScoreAsTextsDo(const BundleClassifier& classifier) {
  const std::vector<InputText> texts = Texts();
  const std::vector<InputTextView> views(texts.begin(), texts.end());
  PreparedTexts all, reversed;
  classifier.scorer().Prepare(views, all);
  ASSERT_EQ(all.count(), views.size());
  for (size_t t = views.size(); t-- > 0;) reversed.AppendText(all, t);
  ASSERT_EQ(reversed.count(), views.size());
  const std::vector<float> scores = Scored(classifier, reversed);
  const size_t labels = classifier.labels().size();
  for (size_t t = 0; t < views.size(); ++t) {
    const std::vector<float> alone = classifier.Probabilities({&views[t], 1}).value();
    for (size_t l = 0; l < labels; ++l) EXPECT_NEAR(scores[(views.size() - 1 - t) * labels + l], alone[l], 1e-5);
    EXPECT_EQ(classifier.scorer().Cost(reversed, views.size() - 1 - t), classifier.scorer().Cost(all, t));
    EXPECT_GT(classifier.scorer().Cost(all, t), 0u);
  }
}

TEST_F(ScorerTest, BatchesOfPreparedTextsScoreAsTextsDo) {
  for (const LongText long_text : {LongText::kHead, LongText::kWindows}) {
    ExpectBatchesScoreAsTextsDo(Transformer(long_text));
  }
  ExpectBatchesScoreAsTextsDo(Linear());
}

TEST_F(ScorerTest, ALinearModelHasNoTokensAndPredictsAtOnce) {
  const BundleClassifier linear = Linear();
  const InputTextView text = "a prize";
  PreparedTexts prepared;
  linear.scorer().Prepare({&text, 1}, prepared);
  EXPECT_TRUE(prepared.IdsOf(0).empty());
  EXPECT_TRUE(linear.scorer().IsInstant({&text, 1}));
  EXPECT_FALSE(linear.scorer().IsInstant(std::vector<InputTextView>(33, text)));
  EXPECT_FALSE(linear.scorer().IsCut(text));
  EXPECT_TRUE(linear.scorer().scores_add_up());
  EXPECT_EQ(linear.scorer().TokensOf("a prize", true).error().code, ErrorCode::kUnsupported);
  const BundleClassifier transformer = Transformer(LongText::kHead);
  EXPECT_FALSE(transformer.scorer().IsInstant({&text, 1}));
  EXPECT_FALSE(transformer.scorer().scores_add_up());
}

}  // namespace
}  // namespace winnow

#include "classify/text_tokens.h"

#include <gtest/gtest.h>

#include "classify/bundle_classifier.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

class TextTokens : public testing::Test {
 protected:
  BundleClassifier Load(bool fold, LongText long_text = LongText::kHead) {
    const Model model = Model::Fresh(WriteTinyTokenizer({"win a prize now", "free money"}, dir_.path()), 3);
    EXPECT_TRUE(model.Save(dir_.path()));
    Manifest manifest;
    manifest.max_length = kTinyMaxLength;
    manifest.fold_disguises = fold;
    manifest.long_text = long_text;
    EXPECT_TRUE(SealBundle(dir_.path(), manifest));
    return BundleClassifier::Load(dir_.path(), pool_).value();
  }

  TemporaryDirectory dir_;
  ThreadPool pool_{1};
};

TEST_F(TextTokens, CoverTheTextInBytesAndCodePoints) {
  const BundleClassifier classifier = Load(false);
  const std::string text = "\xc3\xa4 win \xe2\x82\xac\xff prize";
  const auto tokens = classifier.scorer().TokensOf(text, true).value();
  EXPECT_TRUE(tokens.front().special);
  EXPECT_TRUE(tokens.back().special);
  EXPECT_EQ(tokens.back().piece, "[SEP]");
  size_t at = 0;
  for (size_t i = 1; i + 1 < tokens.size(); ++i) {
    EXPECT_FALSE(tokens[i].special);
    EXPECT_GE(tokens[i].begin, at);
    at = tokens[i].end;
    EXPECT_LE(tokens[i].point_end, tokens[i].end);
  }
  EXPECT_EQ(at, text.size());
  EXPECT_EQ(tokens[tokens.size() - 2].point_end, 14u);  // each of the text's three odd ones is one
  EXPECT_EQ(classifier.scorer().TokensOf(text, false).value().size() + 2, tokens.size());
}

TEST_F(TextTokens, AreThoseOfTheFoldedTextAtThePlacesOfTheOriginal) {
  const BundleClassifier plain = Load(false);
  const auto expected = plain.scorer().TokensOf("free money", false).value();
  const BundleClassifier folding = Load(true);
  const auto tokens = folding.scorer().TokensOf("f.r.e.e money", false).value();
  ASSERT_EQ(tokens.size(), expected.size());
  for (size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(tokens[i].id, expected[i].id);
  EXPECT_EQ(tokens.front().begin, 0u);
  EXPECT_EQ(tokens.back().end, 13u);
}

TEST_F(TextTokens, TellWhetherATextIsCut) {
  const BundleClassifier classifier = Load(false);
  std::string text = "x";
  for (int i = 1; i < kTinyMaxLength - 2; ++i) text += " x";
  EXPECT_FALSE(classifier.scorer().IsCut(text));
  EXPECT_TRUE(classifier.scorer().IsCut(text + " x"));
  EXPECT_FALSE(Load(false, LongText::kWindows).scorer().IsCut(text + " x"));
}

}  // namespace
}  // namespace winnow

#include "text/folded_text.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(FoldedText, IsTheOriginalUnlessItFolds) {
  const FoldedText text("f.r.e.e money", false, FoldedText::Places::kKept);
  EXPECT_EQ(text.text().joined(), "f.r.e.e money");
  EXPECT_EQ(text.OriginalBegin(3), 3u);
  EXPECT_EQ(text.OriginalEnd(13), 13u);
}

TEST(FoldedText, LeadsBackToPlacesOfTheOriginal) {
  const FoldedText text("f.r.e.e money", true, FoldedText::Places::kKept);
  ASSERT_EQ(text.text().joined(), "free money");
  EXPECT_EQ(text.OriginalBegin(0), 0u);
  EXPECT_EQ(text.OriginalEnd(4), 7u);
  EXPECT_EQ(text.OriginalBegin(5), 8u);
  EXPECT_EQ(text.OriginalEnd(10), 13u);
}

TEST(FoldedText, KeepsTheSegments) {
  const std::string joined = std::string("f r e e now\x1e") + "m0ney";
  const FoldedText text(InputTextView::OfJoined(joined), true);
  ASSERT_EQ(text.text().segments(), 2u);
  EXPECT_EQ(text.text().first(), "free now");
  EXPECT_EQ(text.text().rest().joined(), "money");
}

TEST(FoldedTexts, AreThoseOfTheModelAndUseMemoryAgain) {
  const std::vector<std::string_view> originals = {"f.r.e.e money", "hello"};
  FoldedTexts texts(originals, true);
  ASSERT_EQ(texts.texts().size(), 2u);
  EXPECT_EQ(texts.texts()[0], "free money");
  EXPECT_EQ(texts.texts()[1], "hello");
  texts.Assign(std::span(originals).first(1), false);
  ASSERT_EQ(texts.texts().size(), 1u);
  EXPECT_EQ(texts.texts()[0].data(), originals[0].data());
}

}  // namespace
}  // namespace winnow

#include "base/lines.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(LinesTest, TakeLineRemovesTheFirstLineWithEitherEnd) {
  std::string_view text = "one\r\n\ntwo\rthree\nlast";
  EXPECT_EQ(TakeLine(text), "one");
  EXPECT_EQ(TakeLine(text), "");
  EXPECT_EQ(TakeLine(text), "two\rthree");
  EXPECT_EQ(TakeLine(text), "last");
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(TakeLine(text), "");
}

TEST(LinesTest, LinesWithTheirEndsAreTheWholeText) {
  std::string_view text = "one\r\n\nlast";
  EXPECT_EQ(TakeLineWithEnd(text), "one\r\n");
  EXPECT_EQ(TakeLineWithEnd(text), "\n");
  EXPECT_EQ(TakeLineWithEnd(text), "last");
  EXPECT_EQ(TakeLineWithEnd(text), "");
}

TEST(LinesTest, ALineEndHasAnyNumberOfCarriageReturns) {
  EXPECT_EQ(WithoutLineEnd("one\r\r\n"), "one");
  EXPECT_EQ(WithoutLineEnd("one\r"), "one");
  EXPECT_EQ(WithoutLineEnd("\n"), "");
}

TEST(LinesTest, OnlyTheFirstByteOrderMarkIsRemoved) {
  EXPECT_EQ(WithoutByteOrderMark("\uFEFFa\uFEFF"), "a\uFEFF");
  EXPECT_EQ(WithoutByteOrderMark("\xEF\xBB"), "\xEF\xBB");
}

}  // namespace
}  // namespace winnow

#include "text/text_parts.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

using std::literals::operator""sv;

TEST(CodePoints, AreCountedAndCut) {
  EXPECT_EQ(CountCodePoints("a\u00e9\u6587\U0001F600"), 4u);
  EXPECT_EQ(FirstCodePoints("a\u00e9\u6587\U0001F600", 3), "a\u00e9\u6587");
  EXPECT_EQ(FirstCodePoints("ab", 9), "ab");
  EXPECT_EQ(FirstCodePoints("ab", 0), "");
}

TEST(CodePoints, AreNotCutByALimitOfBytes) {
  EXPECT_EQ(FirstBytes("a\u00e9\u6587", 2), "a");
  EXPECT_EQ(FirstBytes("a\u00e9\u6587", 3), "a\u00e9");
  EXPECT_EQ(FirstBytes("a\u00e9\u6587", 6), "a\u00e9\u6587");
  EXPECT_EQ(FirstBytes("\u6587", 2), "");
  EXPECT_EQ(FirstBytes("", 0), "");
}

TEST(IsBlank, KnowsUnicodeSpaces) {
  EXPECT_TRUE(IsBlank(""));
  EXPECT_TRUE(IsBlank(" \t\r\n\u00a0\u3000\u2003\u200b\ufeff\0"sv));
  EXPECT_FALSE(IsBlank(" . "));
  EXPECT_FALSE(IsBlank("\u00e9"));
  EXPECT_FALSE(IsBlank("\uFFFD"));
}

}  // namespace
}  // namespace winnow

#include "text/case_fold.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(FoldCase, FoldsAsciiAndOtherScripts) {
  EXPECT_EQ(FoldCase("Hello WORLD 123!"), "hello world 123!");
  EXPECT_EQ(FoldCase("STRASSE Straße"), "strasse strasse");
  EXPECT_EQ(FoldCase("ΑΣ ας"), "ασ ασ");
}

TEST(FoldCase, JoinsWidthsCompositionsAndInvisibles) {
  EXPECT_EQ(FoldCase("ＦＲＥＥ"), "free");
  EXPECT_EQ(FoldCase("cafe\u0301"), "caf\u00e9");
  EXPECT_EQ(FoldCase("w\u200Bin"), "win");
}

TEST(FoldCase, RepairsInvalidBytes) { EXPECT_EQ(FoldCase("A\xff"), "a\uFFFD"); }

}  // namespace
}  // namespace winnow

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

}  // namespace
}  // namespace winnow

#include "text/script.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(Script, IsThatOfMostLetters) {
  EXPECT_EQ(ScriptOf("You won a prize!"), "Latin");
  EXPECT_EQ(ScriptOf("Привет, как дела? OK"), "Cyrillic");
  EXPECT_EQ(ScriptOf("مرحبا بالعالم"), "Arabic");
  EXPECT_EQ(ScriptOf("你好，世界"), "Han");
  EXPECT_EQ(ScriptOf("नमस्ते दुनिया"), "Devanagari");
}

TEST(Script, TakesHanForThatOfTheLanguageAroundIt) {
  EXPECT_EQ(ScriptOf("東京都は日本の首都です"), "Japanese");
  EXPECT_EQ(ScriptOf("韓國語 한국어입니다"), "Korean");
}

TEST(Script, IsMixedWhereASecondOneHasAFifthOfTheLetters) {
  EXPECT_EQ(ScriptOf("free приз now"), "mixed");
  EXPECT_EQ(ScriptOf("aaaaяb"), "Latin");
  EXPECT_EQ(ScriptOf("aaaaя"), "mixed");
}

TEST(Script, IsNoneWithoutLetters) {
  EXPECT_EQ(ScriptOf(""), "none");
  EXPECT_EQ(ScriptOf("12:30 +49 (0) 7000 !!! 🎉"), "none");
  EXPECT_EQ(ScriptOf("\xff\xfe\x80"), "none");
}

}  // namespace
}  // namespace winnow

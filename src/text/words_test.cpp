#include "text/words.h"

#include <gmock/gmock.h>

#include <string>

#include "base/random.h"

namespace winnow {
namespace {

using testing::ElementsAre;

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  for (const TextRange& range : Words(text)) words.emplace_back(text.substr(range.begin, range.end - range.begin));
  return words;
}

TEST(Words, AreWordsAndRunsOfSymbols) {
  EXPECT_THAT(WordsOf("Win \u00A35 now!! Don't, 0800-123"),
              ElementsAre("Win", "\u00A3", "5", "now", "!!", "Don't", ",", "0800", "-", "123"));
  EXPECT_THAT(WordsOf(""), ElementsAre());
  EXPECT_THAT(WordsOf(" \t\n\u00A0\u3000"), ElementsAre());
  EXPECT_THAT(WordsOf("\U0001F468\u200D\U0001F469 \u0438\u0434\u0438"),
              ElementsAre("\U0001F468\u200D\U0001F469", "\u0438\u0434\u0438"));
}

TEST(Words, OfScriptsWithoutSpacesAreFoundToo) {
  EXPECT_GT(Words("\u4ECA\u5929\u5929\u6C14\u5F88\u597D\u6211\u4EEC\u53BB\u516C\u56ED").size(), 3u);
  EXPECT_GT(Words("\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A\u0E04\u0E38\u0E13").size(), 1u);
}

TEST(Words, SegmentsAreNeverJoined) { EXPECT_THAT(WordsOf("!\x1E!"), ElementsAre("!", "!")); }

TEST(Words, LieInOrderWithinHostileBytes) {
  Random random(3, "words");
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint32_t left = random.Below(30); left > 0; --left) text += static_cast<char>(random.Below(256));
    uint32_t before = 0;
    for (const TextRange& range : Words(text)) {
      ASSERT_GE(range.begin, before);
      ASSERT_GT(range.end, range.begin);
      ASSERT_LE(range.end, text.size());
      before = range.end;
    }
  }
}

}  // namespace
}  // namespace winnow

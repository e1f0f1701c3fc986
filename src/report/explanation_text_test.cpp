#include "report/explanation_text.h"

#include <gmock/gmock.h>

#include "support/example_explanation.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ExplanationText, IsPlainWithoutColour) {
  Explanation explanation = ExampleExplanation();
  explanation.words[1].end = 8;
  explanation.words[2] = {.begin = 9, .end = 11, .effect = 0.001f};
  const std::string text = ExplanationText(explanation, kExplainedText, false, "spam");
  EXPECT_THAT(text, HasSubstr("+2.00  spam 60.0 % without  win\n"));
  EXPECT_THAT(text, HasSubstr("-1.00  spam 95.0 % without  \u00A3\u00FC\n"));
  EXPECT_THAT(text, Not(HasSubstr("  at\n")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ExplanationText, ColoursWordsByEffect) {
  const std::string text = ExplanationText(ExampleExplanation(), "win \x1b[31m at", true, "spam");
  EXPECT_THAT(text, HasSubstr("48;5;208mwin\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("48;5;111m\\x1b["));  // the user's own escape is shown, not sent
  EXPECT_THAT(text, Not(HasSubstr("\x1b[31m")));
  EXPECT_THAT(text, HasSubstr("words that raise the score of spam"));
}

TEST(ExplanationText, NamesTheExplainedLabelIfAnotherOneWasDecided) {
  EXPECT_THAT(ExplanationText(ExampleExplanation(), kExplainedText, false, "ham"),
              HasSubstr("    effects on the log-odds of spam:\n     +2.00  spam 60.0 % without  win\n"));
  EXPECT_THAT(ExplanationText(ExampleExplanation(), kExplainedText, false, "spam"), Not(HasSubstr("log-odds")));
}

TEST(ExplanationText, SaysWhatItLeavesOut) {
  EXPECT_THAT(ExplanationText({.label = "spam", .words = {}}, "", true, "spam"), HasSubstr("no single word"));
  Explanation explanation = ExampleExplanation();
  explanation.words_in_effect = 3;
  explanation.unread = 70;
  EXPECT_THAT(ExplanationText(explanation, kExplainedText, false, "spam"),
              HasSubstr("each effect is that of 3 words together"));
  EXPECT_THAT(ExplanationText(explanation, kExplainedText, false, "spam"), HasSubstr("70 words beyond"));
}

}  // namespace
}  // namespace winnow

#include "cli/classify_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "classify/answer_json.h"
#include "cli/explanation.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

std::string LineOf(std::string_view json, std::string_view text = "text") {
  const auto line = AnswerLineOf(ParsedJson(json), text);
  return line ? *line : "error: " + line.error().message;
}

TEST(AnswerLine, OfAnAnswerInJsonIsThatOfTheAnswer) {
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 0.934})"), AnswerLine("spam", 0.934, "text"));
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 1})"), "spam          100.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": null, "confidence": 0.5})"), "(none)         50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": [], "confidence": 0.5})"), "(none)         50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": ["a", "b"], "confidence": 0.5})"), "a,b            50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "oos", "confidence": 0.5, "out_of_scope": true})"), "oos?           50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "a", "confidence": 0.5, "out_of_scope": false})"), "a              50.0 %  text\n");
}

TEST(AnswerLine, ShowsNoControlCharacters) {
  EXPECT_EQ(LineOf(R"({"decision": "\u001b[2J", "confidence": 0})", "\x1b[1m").find('\x1b'), std::string::npos);
}

TEST(AnswerLine, OfWhatIsNoAnswerIsAnError) {
  for (const char* json : {"{}", R"({"decision": "a"})", R"({"decision": 7, "confidence": 1})",
                           R"({"decision": [7], "confidence": 1})", R"({"decision": "a", "confidence": null})"}) {
    EXPECT_THAT(LineOf(json), HasSubstr("error: ")) << json;
  }
}

TEST(ReadExplanation, GivesBackWhatWasWritten) {
  const std::string text = "win \u00A3\u00FC \xff at";
  const Explanation explanation = {.label = "spam",
                                   .score = 0.9f,
                                   .base = -1.5f,
                                   .exact = true,
                                   .words_in_effect = 3,
                                   .unread = 2,
                                   .words = {{.begin = 0, .end = 3, .effect = 2, .score_change = 0.3f},
                                             {.begin = 4, .end = 8, .effect = -1, .score_change = -0.05f},
                                             {.begin = 11, .end = 13, .effect = 0.1f, .score_change = 0}}};
  const auto json = ExplanationJson(explanation, text);
  const auto again = ReadExplanation(ParsedJson(json.dump()), text);
  ASSERT_TRUE(again);
  EXPECT_EQ(ExplanationText(*again, text, true), ExplanationText(explanation, text, true));
  EXPECT_EQ(ExplanationJson(*again, text), json);
}

TEST(ReadExplanation, RefusesWhatIsNotOfTheText) {
  const std::string text = "win it now";
  const Explanation explanation = {.label = "spam",
                                   .words = {{.begin = 0, .end = 3}, {.begin = 4, .end = 6}, {.begin = 7, .end = 10}}};
  const auto json = ExplanationJson(explanation, text);
  ASSERT_TRUE(ReadExplanation(json, text));
  EXPECT_FALSE(ReadExplanation(json, "win"));
  EXPECT_FALSE(ReadExplanation(nullptr, text));
  for (const char* name : {"label", "score", "base", "words"}) {
    auto changed = json;
    changed.erase(name);
    EXPECT_FALSE(ReadExplanation(changed, text)) << name;
    changed[name] = Json::array({7});
    EXPECT_FALSE(ReadExplanation(changed, text)) << name;
  }
  for (const char* name : {"begin", "end", "effect", "score_change"}) {
    auto changed = json;
    changed["words"][1][name] = "x";
    EXPECT_FALSE(ReadExplanation(changed, text)) << name;
  }
  auto changed = json;
  for (const int64_t begin : {int64_t{-1}, int64_t{2}, int64_t{7}, INT64_MAX}) {
    changed["words"][1]["begin"] = begin;
    EXPECT_FALSE(ReadExplanation(changed, text)) << begin;
  }
}

}  // namespace
}  // namespace winnow

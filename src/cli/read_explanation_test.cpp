#include "client/read_explanation.h"

#include <gtest/gtest.h>

#include <string>

#include "classify/prediction_json.h"

namespace winnow {
namespace {

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
  EXPECT_EQ(again->label, explanation.label);
  EXPECT_EQ(again->unread, explanation.unread);
  ASSERT_EQ(again->words.size(), explanation.words.size());
  for (size_t i = 0; i < explanation.words.size(); ++i) {
    EXPECT_EQ(again->words[i].begin, explanation.words[i].begin);
    EXPECT_EQ(again->words[i].end, explanation.words[i].end);
    EXPECT_EQ(again->words[i].effect, explanation.words[i].effect);
    EXPECT_EQ(again->words[i].score_change, explanation.words[i].score_change);
  }
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

#include "classify/answer_json.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

Explanation Example() {
  return {.label = "spam",
          .score = 0.9f,
          .base = -1,
          .words = {{.begin = 0, .end = 3, .effect = 2, .score_change = 0.3f},
                    {.begin = 4, .end = 6, .effect = -1, .score_change = -0.05f},
                    {.begin = 7, .end = 9, .effect = 0.001f, .score_change = 0}}};
}
constexpr std::string_view kText = "win \u00A3\u00FC at";

TEST(ExplanationJson, CountsCodePoints) {
  Explanation explanation = Example();
  explanation.words[1].end = 8;
  explanation.words[2] = {.begin = 9, .end = 11, .effect = 0.001f};
  const nlohmann::ordered_json json = ExplanationJson(explanation, kText);
  EXPECT_EQ(json["method"], "occlusion");
  EXPECT_EQ(json["words"][1]["text"], "\u00A3\u00FC");
  EXPECT_EQ(json["words"][1]["begin"], 4);
  EXPECT_EQ(json["words"][1]["end"], 6);
  EXPECT_EQ(json["words"][2]["begin"], 7);
  EXPECT_EQ(json["words"][2]["end"], 9);
  EXPECT_FALSE(json.contains("unread_words"));
}

}  // namespace
}  // namespace winnow

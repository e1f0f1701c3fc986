#include "classify/prediction_json.h"

#include <gtest/gtest.h>

#include "support/example_explanation.h"

namespace winnow {
namespace {

TEST(ExplanationJson, CountsCodePoints) {
  Explanation explanation = ExampleExplanation();
  explanation.words[1].end = 8;
  explanation.words[2] = {.begin = 9, .end = 11, .effect = 0.001f};
  const Json json = ExplanationJson(explanation, kExplainedText);
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

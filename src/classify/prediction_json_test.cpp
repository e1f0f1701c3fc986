#include "classify/prediction_json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/example_explanation.h"

namespace winnow {
namespace {

TEST(PredictionJson, HasTheThresholdAsADecimalNumber) {
  const std::vector<std::string> labels = {"ham", "spam"};
  ClassifiedText text;
  text.probabilities = {0.8F, 0.2F};
  text.decision.label = 1;
  text.decision.threshold = 0.17F;
  EXPECT_EQ(PredictionJson({labels}, text, 0)["threshold"].dump(), "0.17");
  text.decision.threshold.reset();
  EXPECT_FALSE(PredictionJson({labels}, text, 0).contains("threshold"));
}

TEST(PredictionJson, NamesTheLabelThatAnOutOfScopeTextIsNearestTo) {
  const std::vector<std::string> labels = {"greeting", "farewell"};
  ClassifiedText text;
  text.probabilities = {0.4F, 0.6F};
  text.decision.label = text.decision.top = 1;
  text.scope_score = 2.0F;
  EXPECT_FALSE(PredictionJson({labels, false, "other"}, text, 0).contains("nearest_label"));
  text.out_of_scope = true;
  const Json json = PredictionJson({labels, false, "other"}, text, 0);
  EXPECT_EQ(json["label"], "other");
  EXPECT_EQ(json["nearest_label"], "farewell");
}

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

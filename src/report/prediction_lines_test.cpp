#include "report/prediction_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::HasSubstr;

std::string LineOf(std::string_view json, std::string_view text = "text") {
  const auto line = PredictionLineOf(ParsedJson(json), text);
  return line ? *line : "error: " + line.error().message;
}

TEST(PredictionLine, IsTheSameForAPredictionAndItsJson) {
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 0.934})"), PredictionLine("spam", 0.934, "text"));
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 1})"), "spam          100.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": null, "confidence": 0.5})"), "(none)         50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": [], "confidence": 0.5})"), "(none)         50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": ["a", "b"], "confidence": 0.5})"), "a,b            50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "oos", "confidence": 0.5, "out_of_scope": true})"), "oos?           50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "a", "confidence": 0.5, "out_of_scope": false})"), "a              50.0 %  text\n");
}

TEST(PredictionLine, ShowsNoControlCharacters) {
  EXPECT_EQ(LineOf(R"({"decision": "\u001b[2J", "confidence": 0})", "\x1b[1m").find('\x1b'), std::string::npos);
}

TEST(PredictionLine, RefusesJsonThatIsNotAPrediction) {
  for (const char* json : {"{}", R"({"decision": "a"})", R"({"decision": 7, "confidence": 1})",
                           R"({"decision": [7], "confidence": 1})", R"({"decision": "a", "confidence": null})"}) {
    EXPECT_THAT(LineOf(json), HasSubstr("error: ")) << json;
  }
}

}  // namespace
}  // namespace winnow

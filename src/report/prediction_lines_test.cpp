#include "report/prediction_lines.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::HasSubstr;

std::string LineOf(std::string_view json, std::string_view text = "text") {
  const auto line = PredictionLineOf(ParsedJson(json), text);
  return line ? *line : "error: " + line.error().message;
}

TEST(PredictionLine, HasTheLabelTheConfidenceAndTheText) {
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 0.934})"), "spam           93.4 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 1})"), "spam          100.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": null, "confidence": 0.5})"), "(none)         50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": [], "confidence": 0.5})"), "(none)         50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": ["a", "b"], "confidence": 0.5})"), "a, b  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "oos", "confidence": 0.5, "out_of_scope": true})"), "oos?           50.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "a", "confidence": 0.5, "out_of_scope": false})"), "a              50.0 %  text\n");
}

/// The line for a prediction whose most probable label is `top`.
std::string WithThreshold(std::string_view decision, double confidence, std::string_view top, double threshold) {
  const Json json = {{"decision", ParsedJson(decision)},
                     {"confidence", confidence},
                     {"scores", Json::array({{{"label", top}, {"score", 0.6}}})},
                     {"threshold", threshold}};
  const auto line = PredictionLineOf(json, "text");
  return line ? *line : "error: " + line.error().message;
}

TEST(PredictionLine, ShowsTheThresholdThatMadeTheDecision) {
  EXPECT_EQ(WithThreshold("\"spam\"", 0.225, "ham", 0.17), "spam           22.5 %  (threshold 17 %)  text\n");
  EXPECT_EQ(WithThreshold("\"ham\"", 0.35, "spam", 0.7), "ham            35.0 %  (threshold of spam 70 %)  text\n");
  EXPECT_EQ(WithThreshold("\"spam\"", 0.1, "ham", 0.3), "spam           10.0 %  (threshold 30 % against ham)  text\n");
  EXPECT_EQ(WithThreshold("[\"rude\"]", 0.225, "rude", 0.17), "rude           22.5 %  (threshold 17 %)  text\n");
  EXPECT_EQ(WithThreshold("[]", 0.4, "rude", 0.7),
            "(none)         40.0 %  (most probable label: rude, 60.0 %; threshold 70 %)  text\n");
  EXPECT_EQ(WithThreshold("[\"a\", \"rude\"]", 0.4, "rude", 0.1), "rude 60.0 %, a  (threshold of rude 10 %)  text\n");
}

TEST(PredictionLine, ShowsNoThresholdIfTheProbabilitiesExplainTheDecision) {
  for (const double threshold : {0.17, 0.5, 0.7}) {
    EXPECT_EQ(WithThreshold("\"spam\"", 0.8, "spam", threshold), "spam           80.0 %  text\n");
    EXPECT_EQ(WithThreshold("[\"rude\"]", 0.8, "rude", threshold), "rude           80.0 %  text\n");
    EXPECT_EQ(WithThreshold("[]", 0.8, "rude", threshold),
              "(none)         80.0 %  (most probable label: rude, 60.0 %)  text\n");
  }
  EXPECT_EQ(WithThreshold("\"spam\"", 0.5, "ham", 0.5), "spam           50.0 %  text\n") << "equally probable";
}

TEST(PredictionLine, HasTheProbabilityOfEachLabelOfAMultiLabelDecision) {
  EXPECT_EQ(LineOf(R"({"decision": ["insult", "obscene", "toxic"], "confidence": 0.99, "threshold": 0.4, "scores": [
                      {"label": "toxic", "score": 0.99}, {"label": "insult", "score": 0.974},
                      {"label": "obscene", "score": 0.469}, {"label": "threat", "score": 0.01}]})"),
            "toxic 99.0 %, insult 97.4 %, obscene 46.9 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": [], "confidence": 0.911, "threshold": 0.5, "scores": [
                      {"label": "toxic", "score": 0.089}, {"label": "insult", "score": 0.01}]})"),
            "(none)         91.1 %  (most probable label: toxic, 8.9 %)  text\n");
}

TEST(PredictionLine, MarksAnAbstention) {
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 0.62, "abstained": true})"),
            "spam           62.0 %  (uncertain: review)  text\n");
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 0.62, "abstained": false})"), "spam           62.0 %  text\n");
  EXPECT_EQ(LineOf(R"({"decision": ["a", "b"], "confidence": 0.62, "abstained": true, "scores": [
                      {"label": "b", "score": 0.62}, {"label": "a", "score": 0.6}]})"),
            "b 62.0 %, a 60.0 %  (uncertain: review)  text\n");
}

TEST(PredictionLine, IsFollowedByTheNextLabelsIfTheyAreAskedFor) {
  const auto lines = [](std::string_view decision, size_t top_k) {
    return PredictionLineOf(ParsedJson(fmt::format(R"({{"decision": {}, "confidence": 0.6, "scores": [
      {{"label": "play", "score": 0.6}}, {{"label": "stop", "score": 0.3}}, {{"label": "next", "score": 0.1}}]}})",
                                                   decision)),
                            "text", top_k)
        .value();
  };
  EXPECT_EQ(lines("\"play\"", 1), "play           60.0 %  text\n");
  EXPECT_EQ(lines("\"play\"", 2), "play           60.0 %  text\n  stop         30.0 %\n");
  EXPECT_EQ(lines("\"play\"", 0), "play           60.0 %  text\n  stop         30.0 %\n  next         10.0 %\n");
  EXPECT_EQ(lines("[\"play\", \"next\"]", 9), "play 60.0 %, next 10.0 %  text\n  stop         30.0 %\n");
  EXPECT_EQ(lines("\"stop\"", 2), "stop           60.0 %  text\n  play         60.0 %\n") << "decided by a threshold";
}

TEST(PredictionLine, NamesTheLabelThatTheConfidenceOfAnOutOfScopeTextBelongsTo) {
  EXPECT_EQ(LineOf(R"({"decision": "oos", "confidence": 0.449, "out_of_scope": true, "nearest_label": "greeting"})"),
            "oos?                -  (nearest label: greeting, 44.9 %)  text\n");
}

TEST(PredictionLine, DividesTheSegmentsOfATextVisibly) {
  EXPECT_EQ(LineOf(R"({"decision": "spam", "confidence": 0.5})",
                   "subject\x1e"
                   "body"),
            "spam           50.0 %  subject [SEP] body\n");
}

TEST(PredictionTable, IsReadByAnyReaderOfCsv) {
  EXPECT_EQ(PredictionTableHeader(','), "row,label,confidence,score,abstained,text\n");
  const auto row = [](std::string_view json, std::string_view text, char delimiter) {
    return PredictionTableRow(ParsedJson(json), text, 7, delimiter).value();
  };
  const char* spam = R"({"decision": "spam", "confidence": 0.75, "score": 0.75, "abstained": false})";
  EXPECT_EQ(row(spam, "a \"b\", c\nd", ','), "7,spam,0.75,0.75,false,\"a \"\"b\"\", c\nd\"\n");
  EXPECT_EQ(row(spam, "a, b", '\t'), "7\tspam\t0.75\t0.75\tfalse\ta, b\n");
  EXPECT_EQ(row(R"({"decision": ["a", "b"], "confidence": 0.5, "score": 0.5, "abstained": true})", "x", ','),
            "7,\"a,b\",0.5,0.5,true,x\n");
  EXPECT_FALSE(PredictionTableRow(ParsedJson("{}"), "x", 0, ','));
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

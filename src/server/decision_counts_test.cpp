#include "server/decision_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/served_routes.h"
#include "support/temporary_directory.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::Pair;

ClassifiedText Decided(int32_t label, bool abstained = false, bool out_of_scope = false) {
  ClassifiedText text;
  text.decision.label = label;
  text.decision.abstained = abstained;
  text.out_of_scope = out_of_scope;
  return text;
}

TEST(DecisionCounts, CountWhatEachTextWasDecidedToBe) {
  const TemporaryDirectory dir;
  WriteTinyLinear(dir.path() / "sms", "sms", "1.2.0", .6);
  ScopeRule rule;
  rule.label = "other";
  rule.threshold = 1;
  rule.max_rejected = .05;
  rule.confidence = .95;
  ASSERT_TRUE(WriteScopeRule(dir.path() / "sms" / kScopeFile, rule));
  ThreadPool pool(1);
  const auto classifier = BundleClassifier::Load(dir.path() / "sms", pool);
  ASSERT_TRUE(classifier) << classifier.error().Text();
  EXPECT_THAT(DecisionNames(*classifier), ElementsAre("ham", "spam", "other"));
  const std::vector<ClassifiedText> texts = {Decided(1), Decided(1, true), Decided(0, false, true), Decided(-1)};
  const DecisionCounts counts = CountDecisions(*classifier, texts);
  EXPECT_EQ(counts.model, "sms");
  EXPECT_EQ(counts.version, "1.2.0");
  EXPECT_EQ(counts.texts, 4u);
  EXPECT_EQ(counts.abstained, 1u);
  EXPECT_THAT(counts.decisions, ElementsAre(Pair("spam", 2), Pair("other", 1), Pair("(none)", 1)));
}

TEST(DecisionCounts, AreThoseOfTheResponse) {
  const ServedRoutes routes;
  for (const char* const body : {R"({"texts": ["win", "see you"], "threshold": 0.000001})",
                                 R"({"texts": ["win", "see you"], "threshold": 0.000001, "explain": true})"}) {
    const HttpResponse response = routes.Ask("POST", "/v1/classify", body);
    ASSERT_TRUE(response.decisions) << response.body;
    EXPECT_EQ(response.decisions->model, "spam");
    EXPECT_THAT(response.decisions->decisions, ElementsAre(Pair("spam", 2)));
  }
  EXPECT_TRUE(routes.Ask("POST", "/predict", R"({"inputs": "win"})").decisions);
  EXPECT_FALSE(routes.Ask("POST", "/predict", "{}").decisions);
  EXPECT_THAT(routes.Ask("GET", "/metrics").body,
              testing::HasSubstr(R"(winnow_predictions_total{label="spam",model="spam",version="1.0.0"})"));
}

}  // namespace
}  // namespace winnow

#include "calibrate/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "calibrate/scope_text.h"
#include "decide/out_of_scope.h"
#include "support/simulated_texts.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

ScopeOptions Options() {
  ScopeOptions options;
  options.max_rejected = 0.2;
  options.confidence = 0.8;
  return options;
}

TEST(CalibrateScope, RejectsNoMoreTextsInScopeThanItGuaranteesInTenThousandDraws) {
  constexpr int kDraws = 10000;
  constexpr size_t kToCome = 100000;
  ScopeOptions options = Options();
  options.method = ScopeMethod::kMaxProbability;
  SimulatedTexts texts(1), to_come(2);
  to_come.Draw(kToCome);
  std::vector<float> scores(kToCome), scratch;
  ScopeScores(ScopeMethod::kMaxProbability, to_come.logits, 2, {}, scores, scratch);
  std::ranges::sort(scores);
  int violations = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    texts.Draw(80);
    const HeldOutTexts held_out = texts.HeldOut();
    const auto fit = CalibrateScope(held_out, {}, options);
    ASSERT_TRUE(fit) << fit.error().Text();
    const auto rejected = scores.end() - std::ranges::upper_bound(scores, fit->rule.threshold);
    violations += static_cast<double>(rejected) > 0.2 * kToCome ? 1 : 0;
  }
  EXPECT_LE(static_cast<double>(violations) / kDraws, 1 - 0.8 + 0.015);
  EXPECT_GT(violations, kDraws / 20);  // and is no stricter than it has to be
}

TEST(CalibrateScope, NamesTheRuleAndItsTexts) {
  SimulatedTexts texts(2);
  texts.Draw(100);
  ScopeOptions options = Options();
  options.label = "neither";
  const HeldOutTexts held_out = texts.HeldOut();
  const auto fit = CalibrateScope(held_out, {}, options);
  ASSERT_TRUE(fit) << fit.error().Text();
  EXPECT_EQ(fit->rule.label, "neither");
  EXPECT_EQ(fit->rule.source, "simulated texts");
  EXPECT_EQ(fit->rule.weights, "f32");
  EXPECT_THAT(ScopeFitText(*fit),
              HasSubstr("at most 20 % of the in-scope texts are rejected as neither, with 80 % confidence"));
  EXPECT_EQ(ScopeFitJson(*fit)["label"], Json("neither"));
}

TEST(CalibrateScope, RefusesANameThatIsALabelAndModelsOfSeveralLabelsPerText) {
  SimulatedTexts texts(3);
  texts.Draw(100);
  for (const char* label : {"spam", ""}) {
    ScopeOptions options = Options();
    options.label = label;
    const HeldOutTexts held_out = texts.HeldOut();
    const auto fit = CalibrateScope(held_out, {}, options);
    ASSERT_FALSE(fit) << label;
    EXPECT_EQ(fit.error().code, ErrorCode::kInvalidArgument);
  }
  texts.dataset.multi_label = true;
  const HeldOutTexts held_out = texts.HeldOut();
  EXPECT_EQ(CalibrateScope(held_out, {}, Options()).error().code, ErrorCode::kInvalidArgument);
}

TEST(MeasureScopeRule, ComparesDecisionsWithLabels) {
  SimulatedTexts texts(4);
  texts.Draw(100);
  const HeldOutTexts held_out = texts.HeldOut();
  const auto fit = CalibrateScope(held_out, {}, Options());
  ASSERT_TRUE(fit) << fit.error().Text();
  Dataset inside = texts.dataset;
  inside.examples.resize(2);
  inside.examples[0].labels = {0};
  inside.examples[1].labels = {1};
  const ScopeMetrics metrics = MeasureScopeRule(fit->rule, inside, {.scores = {0, 0}, .labels = {0, 0}}, {});
  EXPECT_EQ(metrics.texts, 2u);
  EXPECT_EQ(metrics.accuracy, 0.5);
}

}  // namespace
}  // namespace winnow

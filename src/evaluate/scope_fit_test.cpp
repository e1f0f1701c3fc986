#include "evaluate/scope_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace winnow {
namespace {

/// Three labels with a logit of about 6 for the right one; out of scope, about 2 for any.
struct Texts {
  std::vector<float> logits;
  std::vector<int32_t> truth;

  Texts(size_t count, float height, uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (size_t t = 0; t < count; ++t) {
      truth.push_back(static_cast<int32_t>(t % 3));
      for (size_t k = 0; k < 3; ++k) logits.push_back((k == t % 3 ? height : 0.0F) + normal(random));
    }
  }
};

std::vector<float> Scores(const ScopeRule& rule, const Texts& texts) {
  std::vector<float> scores(texts.truth.size()), scratch;
  ScopeScores(rule.method, texts.logits, 3, rule.shape, scores, scratch);
  return scores;
}

TEST(ScopeFit, SeparatesOutOfScopeTexts) {
  const Texts inside(600, 6, 1), outside(100, 1, 2);
  const auto fit = FitScope(inside.logits, inside.truth, outside.logits, 3, {});
  ASSERT_TRUE(fit) << fit.error().Text();
  ASSERT_EQ(fit->methods.size(), 3u);
  for (const ScopeMethodMetrics& method : fit->methods) {
    EXPECT_GT(method.auroc.value(), 0.9) << NameOf(method.method);
    EXPECT_LE(method.auroc.value(), fit->rule.auroc.value());
  }
  EXPECT_EQ(fit->rule.texts, 300);
  EXPECT_EQ(fit->rule.outside_texts, 100);
}

TEST(ScopeFit, KeepsItsGuaranteeInAlmostAllDraws) {
  constexpr int kDraws = 400;
  const Texts later(4000, 6, 99999);
  int broken = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const Texts inside(300, 6, static_cast<uint32_t>(draw + 10));
    const auto fit = FitScope(inside.logits, inside.truth, {}, 3, {.max_rejected = 0.1});
    ASSERT_TRUE(fit) << fit.error().Text();
    const ScopeMetrics metrics =
        MeasureScope(fit->rule, Scores(fit->rule, later), std::vector<char>(later.truth.size(), 1), {});
    if (metrics.rejected > 0.1) ++broken;
  }
  // .05 of the draws at most, and three standard deviations of a binomial of 400: .05 + 3 * .011.
  EXPECT_LE(broken, kDraws * 0.083);
}

TEST(ScopeFit, WithoutTextsOutOfScopeTakesTheDistanceOrWhatThereIs) {
  const Texts inside(600, 6, 1);
  const auto fit = FitScope(inside.logits, inside.truth, {}, 3, {});
  ASSERT_TRUE(fit) << fit.error().Text();
  EXPECT_EQ(fit->rule.method, ScopeMethod::kDistance);
  EXPECT_FALSE(fit->rule.auroc);
  EXPECT_THAT(fit->notes, testing::Contains(testing::HasSubstr("detection rate is unknown")));
  // Of so many labels there are too few texts for means.
  const std::vector<float> logits(200 * 90, 1);
  std::vector<int32_t> truth(200);
  for (size_t t = 0; t < truth.size(); ++t) truth[t] = static_cast<int32_t>(t % 90);
  const auto many = FitScope(logits, truth, {}, 90, {});
  ASSERT_TRUE(many) << many.error().Text();
  EXPECT_EQ(many->rule.method, ScopeMethod::kMaxProbability);
}

TEST(ScopeFit, TakesTheMethodThatIsAskedForOrSaysWhyNot) {
  const Texts inside(600, 6, 1), outside(100, 1, 2);
  for (const auto method : {ScopeMethod::kMaxProbability, ScopeMethod::kEnergy, ScopeMethod::kDistance}) {
    for (const bool with_outside : {false, true}) {
      const auto fit = FitScope(inside.logits, inside.truth, with_outside ? outside.logits : std::vector<float>(), 3,
                                {.method = method});
      ASSERT_TRUE(fit) << fit.error().Text();
      EXPECT_EQ(fit->rule.method, method);
      EXPECT_EQ(fit->methods.size(), 3u);
      EXPECT_EQ(fit->notes.empty(), with_outside);
    }
  }
  // Of so many labels there are too few texts for means.
  const std::vector<float> logits(200 * 90, 1);
  std::vector<int32_t> truth(200);
  for (size_t t = 0; t < truth.size(); ++t) truth[t] = static_cast<int32_t>(t % 90);
  const auto distance = FitScope(logits, truth, {}, 90, {.method = ScopeMethod::kDistance});
  ASSERT_FALSE(distance);
  EXPECT_EQ(distance.error().code, ErrorCode::kInvalidData);
  const auto any = FitScope(logits, truth, {}, 90, {});
  EXPECT_THAT(any->notes, testing::Contains(testing::HasSubstr("the distance to the class means is not available")));
}

TEST(ScopeFit, ReportsHowManyTextsAGuaranteeRequires) {
  const Texts inside(60, 6, 1);
  const auto fit = FitScope(inside.logits, inside.truth, {}, 3, {});
  ASSERT_FALSE(fit);
  EXPECT_THAT(fit.error().message, testing::HasSubstr("requires at least 118 labelled texts"));
  EXPECT_THAT(fit.error().message, testing::HasSubstr("there are only 60"));
}

TEST(ScopeFit, KeepsItsBoundForRowsThatAlternateBetweenTwoSources) {
  // Every second text is hard for the model; then the same texts, the easy ones first.
  const Texts easy(600, 9, 1), hard(600, 2, 2);
  for (const bool alternating : {true, false}) {
    Texts rows(0, 0, 0);
    const auto add = [&](const Texts& texts, size_t t) {
      rows.truth.push_back(texts.truth[t]);
      rows.logits.insert(rows.logits.end(), &texts.logits[t * 3], &texts.logits[t * 3] + 3);
    };
    for (size_t t = 0; t < 600; ++t) {
      add(easy, t);
      if (alternating) add(hard, t);
    }
    for (size_t t = 0; t < 600 && !alternating; ++t) add(hard, t);
    for (const auto method : {ScopeMethod::kMaxProbability, ScopeMethod::kEnergy, ScopeMethod::kDistance}) {
      const auto fit = FitScope(rows.logits, rows.truth, {}, 3, {.method = method});
      ASSERT_TRUE(fit) << fit.error().Text();
      const ScopeMetrics metrics =
          MeasureScope(fit->rule, Scores(fit->rule, rows), std::vector<char>(rows.truth.size(), 1), {});
      EXPECT_LE(metrics.rejected, 0.05) << NameOf(method) << (alternating ? ", alternating" : "");
      EXPECT_GE(metrics.rejected, 0.02) << NameOf(method) << (alternating ? ", alternating" : "");
    }
  }
}

TEST(ScopeFit, FitsTheMeansToEachLabelOfRowsThatAlternateBetweenLabels) {
  Texts rows(0, 0, 0);
  const Texts texts(900, 6, 1), outside(300, 1, 2);
  for (size_t t = 0; t < 900; ++t) {  // labels 0 and 1 in turn
    if (texts.truth[t] == 2) continue;
    rows.truth.push_back(texts.truth[t]);
    rows.logits.insert(rows.logits.end(), &texts.logits[t * 3], &texts.logits[t * 3] + 2);
  }
  std::vector<float> two;
  for (size_t t = 0; t < 300; ++t) two.insert(two.end(), &outside.logits[t * 3], &outside.logits[t * 3] + 2);
  const auto fit = FitScope(rows.logits, rows.truth, two, 2, {.method = ScopeMethod::kDistance});
  ASSERT_TRUE(fit) << fit.error().Text();
  EXPECT_GT(fit->rule.auroc.value(), 0.9);
  EXPECT_EQ(fit->rule.texts, 300);
}

TEST(ScopeFit, MeasuresSharesOfEachKind) {
  ScopeRule rule;
  rule.threshold = 1;
  const ScopeMetrics metrics =
      MeasureScope(rule, std::vector<float>{0, 0.5F, 2, 1}, std::vector<char>{1, 0, 1, 1}, std::vector<float>{3, 0});
  EXPECT_DOUBLE_EQ(metrics.rejected, 0.25);
  EXPECT_DOUBLE_EQ(metrics.outside_rejected, 0.5);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.75);
  EXPECT_DOUBLE_EQ(metrics.accuracy_kept, 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.accuracy_all, 3.0 / 6);
  EXPECT_DOUBLE_EQ(metrics.auroc.value(), 4.0 / 8 + 0.5 / 8);
}

}  // namespace
}  // namespace winnow

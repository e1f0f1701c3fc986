#include "pipeline/linear_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "linear/features.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Texts of common words; one in `rare` has the label "spam" and one of ten words that others do not have.
Dataset Rare(size_t count, size_t rare) {
  Dataset set;
  set.labels.names = {"ham", "spam"};
  Random random(7);
  for (size_t i = 0; i < count; ++i) {
    const bool spam = i % rare == 0;
    Example& example = set.examples.emplace_back();
    for (int word = 0; word < 8; ++word) example.text += "word" + std::to_string(random.Below(40)) + " ";
    if (spam) example.text += "prize" + std::to_string(random.Below(10));
    example.labels = {spam ? 1 : 0};
  }
  return set;
}

SparseRows RowsOf(const Dataset& set, ThreadPool& pool) {
  std::vector<std::string_view> texts;
  for (const Example& example : set.examples) texts.push_back(example.text);
  return Vectorizer::Fit(texts, {.max_ngram = 1}, pool).value().rows;
}

class LinearChoiceTest : public ::testing::Test {
 protected:
  Result<LinearChoice> Choose(const Dataset& set, const LinearChoiceOptions& options) {
    return ChooseLinear(RowsOf(set, pool), set, set.examples.size(), options, pool, observer);
  }

  ThreadPool pool{2};
  TrainingObserver observer;
};

TEST_F(LinearChoiceTest, FindsTheRareLabelThatTheFirstCMisses) {
  const Dataset set = Rare(400, 10);
  const LinearChoiceOptions options;
  const auto choice = Choose(set, options);
  ASSERT_TRUE(choice) << choice.error().Text();
  double best = 0, plain = 1;
  for (const LinearCandidate& candidate : choice->tried) {
    best = std::max(best, candidate.metric);
    if (candidate.C == 0.3 && !candidate.weighted) plain = candidate.metric;
  }
  EXPECT_LT(plain, 0.6);  // nothing but ham
  EXPECT_GT(best, 0.85);
  EXPECT_TRUE(choice->C > 0.3 || choice->weighted);
  EXPECT_THAT(choice->Line(options), HasSubstr("10-fold cross-validation on the training texts (f1_macro "));
  EXPECT_THAT(choice->Line(options), HasSubstr("--class-weights "));
  EXPECT_EQ(choice->ToJson(options)["settings"].size(), choice->tried.size());
}

/// Three labels that 40, 30 and 30 % of the texts have, so that weights change little; a word in three speaks for the
/// label.
Dataset Uneven(size_t count, uint64_t seed) {
  Dataset set;
  set.labels.names = {"a", "b", "c"};
  Random random(seed, "uneven labels");
  for (size_t i = 0; i < count; ++i) {
    const uint32_t die = random.Below(10);
    const int32_t label = die < 4 ? 0 : die < 7 ? 1 : 2;
    Example& example = set.examples.emplace_back();
    for (int word = 0; word < 4; ++word) {
      const auto said = random.Below(3) == 0 ? static_cast<uint32_t>(label) : random.Below(3);
      example.text += "sign" + std::to_string(10 * said + random.Below(10)) + " ";
    }
    example.labels = {label};
  }
  return set;
}

TEST_F(LinearChoiceTest, TakesNoBalancedWeightsWhoseGainMayBeChance) {
  int refused = 0, chosen = 0;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    const LinearChoiceOptions options;
    const auto choice = Choose(Uneven(300, seed), options);
    ASSERT_TRUE(choice) << choice.error().Text();
    chosen += choice->weighted ? 1 : 0;
    if (!choice->refused_balanced) continue;
    ++refused;
    EXPECT_FALSE(choice->weighted);
    EXPECT_THAT(choice->Line(options), HasSubstr("which may be chance"));
  }
  EXPECT_GE(refused, 3) << "some balanced weights gain more than .005";
  EXPECT_LE(chosen, 5) << "a sixth by chance, apart from what the weights gain";
}

TEST_F(LinearChoiceTest, TakesBalancedWeightsThatAreClearlyBetter) {
  // Without Platt scaling and with the weakest C, an unweighted model never decides the rare label.
  const auto choice = Choose(Rare(1000, 20), {.C = 0.1});
  ASSERT_TRUE(choice) << choice.error().Text();
  EXPECT_TRUE(choice->weighted);
  EXPECT_FALSE(choice->refused_balanced);
}

TEST_F(LinearChoiceTest, LeavesGivenValuesAlone) {
  const Dataset set = Rare(200, 5);
  const auto both = Choose(set, {.C = 3.5, .weighted = true});
  ASSERT_TRUE(both) << both.error().Text();
  EXPECT_EQ(both->C, 3.5);
  EXPECT_TRUE(both->weighted);
  EXPECT_TRUE(both->tried.empty());
  const auto weights = Choose(set, {.kind = LinearKind::kSvm, .weighted = true});
  for (const LinearCandidate& candidate : weights->tried) EXPECT_TRUE(candidate.weighted);
  std::set<double> values;
  for (const LinearCandidate& candidate : weights->tried) values.insert(candidate.C);
  EXPECT_EQ(values.size(), weights->tried.size());
  EXPECT_GE(values.size(), 5U);
}

TEST_F(LinearChoiceTest, FitsEveryCandidateWithGivenClassWeights) {
  const Dataset set = Rare(200, 5);
  const LinearChoiceOptions options{.weighted = true, .class_weights = {1, 50}};
  const auto given = Choose(set, options), balanced = Choose(set, {.weighted = true});
  ASSERT_TRUE(given) << given.error().Text();
  EXPECT_TRUE(given->weighted);
  for (const LinearCandidate& candidate : given->tried) EXPECT_TRUE(candidate.weighted);
  EXPECT_NE(given->scores, balanced->scores);
  EXPECT_THAT(given->Line(options), HasSubstr("--class-weights FILE"));
  EXPECT_THAT(WeightsOfRows(Rare(3, 3), options.class_weights), ElementsAre(50, 1, 1));
}

TEST_F(LinearChoiceTest, TriesNoClassWeightsForLabelsOfEqualFrequency) {
  const auto choice = Choose(Rare(100, 2), {});
  ASSERT_TRUE(choice) << choice.error().Text();
  for (const LinearCandidate& candidate : choice->tried) EXPECT_FALSE(candidate.weighted);
}

TEST_F(LinearChoiceTest, TakesDefaultsForAHandfulOfTexts) {
  const auto choice = Choose(Rare(9, 3), {});
  ASSERT_TRUE(choice) << choice.error().Text();
  EXPECT_EQ(choice->C, 3);
  EXPECT_TRUE(choice->tried.empty());
}

TEST_F(LinearChoiceTest, IgnoresTextsBehindTheCount) {
  const Dataset set = Rare(120, 4);
  Dataset augmented = set;
  for (size_t i = 0; i < 50; ++i) augmented.examples.push_back(set.examples[i]);
  const SparseRows rows = RowsOf(set, pool);
  SparseRows more = rows;
  for (size_t i = 0; i < 50; ++i) {
    more.columns.insert(more.columns.end(), rows.columns_of(i).begin(), rows.columns_of(i).end());
    more.values.insert(more.values.end(), rows.values_of(i).begin(), rows.values_of(i).end());
    more.begins.push_back(more.columns.size());
  }
  const auto expected = ChooseLinear(rows, set, 120, {}, pool, observer);
  const auto choice = ChooseLinear(more, augmented, 120, {}, pool, observer);
  ASSERT_TRUE(choice && expected);
  EXPECT_EQ(choice->C, expected->C);
  EXPECT_EQ(choice->scores, expected->scores);
  EXPECT_EQ(choice->rows.size(), 120U);
}

TEST_F(LinearChoiceTest, GivesScoresOfSeveralLabelsForThresholds) {
  Dataset set = Rare(200, 4);
  set.multi_label = true;
  for (Example& example : set.examples) {
    if (example.labels[0] == 0) example.labels.clear();
  }
  const auto choice = Choose(set, {.C = 1, .weighted = false, .tune_thresholds = true});
  ASSERT_TRUE(choice) << choice.error().Text();
  EXPECT_TRUE(choice->tried.empty());
  EXPECT_EQ(choice->scores.size(), 2 * choice->rows.size());
}

TEST_F(LinearChoiceTest, StopsIfItIsCancelled) {
  class Cancelling : public TrainingObserver {
    bool Cancelled() override { return true; }
  } cancelling;
  const Dataset set = Rare(100, 4);
  EXPECT_EQ(ChooseLinear(RowsOf(set, pool), set, 100, {}, pool, cancelling).error().code, ErrorCode::kCancelled);
}

TEST_F(LinearChoiceTest, TriesOneVsRestForSeveralLabelsIfAllowed) {
  Dataset set;
  set.labels.names = {"a", "b", "c"};
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    Example& example = set.examples.emplace_back();
    for (int word = 0; word < 6; ++word) example.text += "word" + std::to_string(random.Below(30)) + " ";
    example.text += "mark" + std::to_string(i % 3);
    example.labels = {i % 3};
  }
  const auto count = [](const LinearChoice& choice) {
    return std::ranges::count(choice.tried, LinearKind::kLogisticOneVsRest, &LinearCandidate::kind);
  };
  const LinearChoiceOptions allowed{.may_use_one_vs_rest = true};
  const auto both = Choose(set, allowed);
  ASSERT_TRUE(both) << both.error().Text();
  EXPECT_GE(count(*both), 1);
  EXPECT_EQ(both->kind == LinearKind::kLogisticOneVsRest, both->Line(allowed).ends_with(" --one-vs-rest"));
  const auto one = Choose(set, {});
  ASSERT_TRUE(one) << one.error().Text();
  EXPECT_EQ(count(*one), 0);
  EXPECT_EQ(one->kind, LinearKind::kLogistic);
}

}  // namespace
}  // namespace winnow

#include "retrain/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "retrain/gate_report.h"
#include "support/gate_conditions.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Texts by the truth and the decisions of both models: 's' is the positive label, 'h' the other one.
struct Letters {
  char truth, champion, challenger;
  int count;
};

PairedDecisions Decisions(const std::vector<Letters>& kinds) {
  PairedDecisions decisions;
  for (DecidedTexts* texts : {&decisions.champion, &decisions.challenger}) {
    texts->labels = 2;
    texts->positive_label = 1;
  }
  const auto id = [](char letter) { return std::vector<int32_t>{letter == 's' ? 1 : 0}; };
  for (const Letters& kind : kinds) {
    for (int i = 0; i < kind.count; ++i) {
      decisions.champion.truth.push_back(id(kind.truth));
      decisions.challenger.truth.push_back(id(kind.truth));
      decisions.champion.decided.push_back(id(kind.champion));
      decisions.challenger.decided.push_back(id(kind.challenger));
    }
  }
  return decisions;
}

GateInput Input(const std::vector<Letters>& kinds) {
  return {.champion = "spam 1.0.0",
          .challenger = "spam 1.1.0",
          .champion_labels = {"ham", "spam"},
          .challenger_labels = {"ham", "spam"},
          .test = Decisions(kinds),
          .slices = {},
          .champion_scope = {},
          .challenger_scope = {},
          .audits = {},
          .audited = {},
          .must_pass = {},
          .promised_fpr = {}};
}

TEST(Gate, AModelThatIsAsGoodPasses) {
  const GateReport report =
      ExamineGate(Input({{'s', 's', 's', 90}, {'h', 'h', 'h', 800}, {'s', 'h', 's', 3}, {'s', 's', 'h', 4}}));
  EXPECT_TRUE(report.passed);
  EXPECT_THAT(report.Failed(), IsEmpty());
  EXPECT_FALSE(Named(report, "accuracy on audits").measured);
  EXPECT_FALSE(Named(report, "must-pass list").measured);
  EXPECT_EQ(Named(report, "accuracy").test->only_first, 4);
}

TEST(Gate, AModelThatIsSignificantlyWorseFails) {
  // 8 texts only the champion and 1 only the challenger: p = 2 (1 + 9) / 512 = .039.
  const GateReport worse = ExamineGate(Input({{'s', 's', 's', 90}, {'s', 's', 'h', 8}, {'s', 'h', 's', 1}}));
  EXPECT_THAT(worse.Failed(), ElementsAre("accuracy"));
  EXPECT_NEAR(Named(worse, "accuracy").test->p_value, 20.0 / 512, 1e-12);
  EXPECT_NEAR(Named(worse, "accuracy").missed_by, 7.0 / 99, 1e-12);
  EXPECT_TRUE(ExamineGate(Input({{'s', 's', 's', 90}, {'s', 's', 'h', 7}, {'s', 'h', 's', 1}})).passed) << "p = .07";
  EXPECT_TRUE(ExamineGate(Input({{'s', 's', 's', 90}, {'s', 'h', 's', 8}, {'s', 's', 'h', 1}})).passed) << "better";
}

TEST(Gate, TheGuaranteedBoundOfFalsePositivesIsKept) {
  GateInput input = Input({{'h', 'h', 'h', 97}, {'h', 'h', 's', 2}, {'h', 's', 'h', 1}, {'s', 's', 's', 10}});
  input.promised_fpr = 0.02;
  EXPECT_TRUE(ExamineGate(input).passed);
  EXPECT_THAT(ExamineGate(input, {.max_fpr = 0.01}).Failed(), ElementsAre("false-positive rate"));
  input.test = Decisions({{'h', 'h', 'h', 97}, {'h', 'h', 's', 3}, {'s', 'h', 's', 10}});
  const GateReport report = ExamineGate(input);
  EXPECT_THAT(report.Failed(), ElementsAre("false-positive rate"));
  EXPECT_NEAR(Named(report, "false-positive rate").missed_by, 0.01, 1e-12);
  input.promised_fpr.reset();
  EXPECT_TRUE(ExamineGate(input).passed) << "without a guarantee three more of a hundred may be chance";
  input.test = Decisions({{'h', 'h', 'h', 90}, {'h', 'h', 's', 6}, {'s', 'h', 's', 10}});
  const GateReport worse = ExamineGate(input);
  EXPECT_THAT(worse.Failed(), ElementsAre("false-positive rate"));
  EXPECT_NEAR(Named(worse, "false-positive rate").missed_by, 6.0 / 96, 1e-12);
  EXPECT_THAT(Named(worse, "false-positive rate").sentence,
              HasSubstr("the champion guarantees no bound: 6 texts only"));
}

TEST(Gate, WhatHoldsMissesNothingAndTheLargestDropIsNamed) {
  GateInput input = Input({{'h', 'h', 'h', 100}, {'s', 's', 's', 100}, {'s', 's', 'h', 1}});
  SliceKeys slices{.by = "source", .keys = std::vector<std::string>(100, "mail"), .order = {}};
  slices.keys.resize(201, "sms");
  input.slices = {slices};
  input.promised_fpr = 0.02;
  input.champion_scope = {.max_rejected = 0.05, .rejected = std::vector<char>(201, 0)};
  input.challenger_scope = input.champion_scope;
  input.audits = Decisions({{'h', 'h', 'h', 20}, {'s', 's', 's', 20}});
  for (size_t i = 0; i < 40; ++i) {
    input.audited.push_back(
        {.id = static_cast<int64_t>(i),
         .sample = {.is_spam = i >= 20, .stratum = "0-1", .probability = 0.1, .label = i < 20 ? "ham" : "spam"}});
  }
  const GateReport report = ExamineGate(input);
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.conditions.size(), 8u);
  for (const GateCondition& condition : report.conditions) EXPECT_EQ(condition.missed_by, 0) << condition.name;
  EXPECT_EQ(Named(report, "slices by source").sentence,
            "2 slices; the largest drop is 1.0 % (sms); the bound is 2.0 %");
  EXPECT_EQ(Named(report, "slices by source").bound, 0.02);
  EXPECT_EQ(Named(report, "accuracy").bound, 0.05);
  EXPECT_THAT(Named(report, "false-positive rate on audits").sentence,
              HasSubstr("of 20 audited negatives, 0 % (0 % to 16.8 %)"));
}

TEST(Gate, TheFalsePositiveRateNeedsAPositiveLabelAndNegatives) {
  EXPECT_FALSE(Named(ExamineGate(Input({{'s', 's', 's', 10}})), "false-positive rate").measured);
  for (const bool of_champion : {true, false}) {
    GateInput input = Input({{'h', 'h', 'h', 10}, {'s', 's', 's', 10}});
    (of_champion ? input.test->champion : input.test->challenger).positive_label = -1;
    EXPECT_FALSE(Named(ExamineGate(input), "false-positive rate").measured);
    EXPECT_TRUE(ExamineGate(input).passed);
  }
  GateInput first = Input({{'h', 'h', 'h', 10}, {'s', 's', 's', 10}, {'s', 's', 'h', 10}});
  first.test->champion.positive_label = first.test->challenger.positive_label = 0;  // 'h' is the positive label
  EXPECT_EQ(Named(ExamineGate(first), "false-positive rate").challenger, 0.5);
}

TEST(Gate, ASliceThatGotWorseFails) {
  GateInput input = Input({{'h', 'h', 'h', 60}, {'s', 's', 'h', 6}, {'s', 's', 's', 500}, {'s', 'h', 's', 6}});
  SliceKeys slices{.by = "source", .keys = {}, .order = {}};
  for (size_t i = 0; i < input.test->champion.size(); ++i) slices.keys.push_back(i < 66 ? "mail" : "sms");
  input.slices = {slices};
  const GateReport report = ExamineGate(input);
  EXPECT_THAT(report.Failed(), ElementsAre("slices by source"));
  EXPECT_NEAR(Named(report, "slices by source").missed_by, 6.0 / 66 - 0.02, 1e-12);
  EXPECT_TRUE(ExamineGate(input, {.max_slice_drop = 0.1}).passed);
  input.test = Decisions({{'h', 'h', 'h', 62}, {'s', 's', 'h', 4}, {'s', 's', 's', 506}});
  EXPECT_TRUE(ExamineGate(input).passed) << "four texts may be chance: p = 1/16";
  // Exactly the bound, of 300 texts: 1 - 0.98 > 0.02, as doubles.
  input.test = Decisions({{'h', 'h', 'h', 294}, {'s', 's', 'h', 6}, {'s', 's', 's', 500}, {'s', 'h', 's', 6}});
  input.slices[0].keys.clear();
  for (size_t i = 0; i < input.test->champion.size(); ++i) input.slices[0].keys.push_back(i < 300 ? "mail" : "sms");
  EXPECT_TRUE(ExamineGate(input).passed);
  EXPECT_FALSE(ExamineGate(input, {.max_slice_drop = 0.0199}).passed);
}

TEST(Gate, OfManySlicesOneMayLookWorseByChance) {
  const auto with_source = [](int64_t only_champion) {
    GateInput input = Input({});
    std::vector<Letters> kinds;
    SliceKeys slices{.by = "source", .keys = {}, .order = {}};
    for (int source = 0; source < 12; ++source) {
      const int lost = source == 0 ? static_cast<int>(only_champion) : 3, won = source == 0 ? 0 : 2;
      kinds.insert(kinds.end(), {{'s', 's', 's', 50}, {'s', 's', 'h', lost}, {'s', 'h', 's', won}});
      slices.keys.insert(slices.keys.end(), static_cast<size_t>(50 + lost + won), "source " + std::to_string(source));
    }
    input.test = Decisions(kinds);
    input.slices = {slices};
    return ExamineGate(input, {.alpha = 0.05});
  };
  EXPECT_TRUE(Named(with_source(5), "slices by source").held) << "p = 1/32, and it is the worst of twelve";
  EXPECT_FALSE(Named(with_source(9), "slices by source").held) << "p = 1/512";
}

TEST(Gate, TheRuleForOutOfScopeTextsIsKept) {
  GateInput input = Input({{'s', 's', 's', 100}, {'h', 'h', 'h', 900}});
  const auto rejecting = [](size_t first, size_t count) {
    ScopeDecisions scope{.max_rejected = 0.05, .rejected = std::vector<char>(1000, 0)};
    std::fill_n(scope.rejected.begin() + static_cast<std::ptrdiff_t>(first), count, 1);
    return scope;
  };
  for (const GateCondition& condition : ExamineGate(input).conditions) EXPECT_NE(condition.name, "out of scope");

  input.champion_scope = rejecting(0, 40);
  const GateReport without = ExamineGate(input);
  EXPECT_THAT(without.Failed(), ElementsAre("out of scope"));
  EXPECT_THAT(Named(without, "out of scope").sentence, HasSubstr("and the challenger does not"));

  input.challenger_scope = rejecting(0, 50);
  EXPECT_TRUE(ExamineGate(input).passed) << "more than the champion, within the bound";
  input.challenger_scope = rejecting(0, 500);
  const GateReport half = ExamineGate(input);
  EXPECT_THAT(half.Failed(), ElementsAre("out of scope"));
  EXPECT_NEAR(Named(half, "out of scope").missed_by, 0.45, 1e-12);
  EXPECT_EQ(
      Named(half, "out of scope").sentence,
      "of 1000 test texts, the challenger rejects 50.0 % as out of scope instead of 4.0 %; the bound is 5.0 % (the "
      "champion's guarantee)");
  input.champion_scope = rejecting(0, 500);
  EXPECT_TRUE(ExamineGate(input).passed) << "no worse than the champion";
  input.champion_scope.reset();
  EXPECT_THAT(ExamineGate(input).Failed(), ElementsAre("out of scope"));
  input.challenger_scope = rejecting(0, 40);
  EXPECT_TRUE(ExamineGate(input).passed) << "as few as it guarantees";
}

TEST(Gate, EveryTextOfTheMustPassListIsRight) {
  GateInput input = Input({{'h', 'h', 'h', 10}, {'s', 's', 's', 10}});
  input.must_pass = {{.line = 1, .text = "your code is 1234", .expected = "ham", .decided = "ham", .note = ""},
                     {.line = 3, .text = "<b>win</b>", .expected = "spam", .decided = "ham", .note = ""}};
  const GateReport report = ExamineGate(input);
  EXPECT_THAT(report.Failed(), ElementsAre("must-pass list"));
  EXPECT_THAT(GateText(report), HasSubstr("1 of 2 texts are decided wrongly: line 3 (ham instead of spam)"));
  EXPECT_EQ(Named(report, "must-pass list").missed_by, 1);
  EXPECT_EQ(Named(report, "must-pass list").bound, 0);
  EXPECT_EQ(GateJson(report)["conditions"].back()["wrong"][0]["line"].get<int>(), 3);
  EXPECT_THAT(GateHtml(report), HasSubstr("&lt;b&gt;win"));
  input.must_pass.pop_back();
  EXPECT_TRUE(ExamineGate(input).passed);
}

TEST(Gate, AuditsAreMeasuredAndEachStandsForTheMessagesThatItWasDrawnFrom) {
  GateInput input = Input({{'h', 'h', 'h', 10}, {'s', 's', 's', 10}});
  input.promised_fpr = 0.02;
  input.audits = Decisions({{'h', 'h', 's', 9}, {'h', 'h', 'h', 20}, {'s', 's', 's', 20}});
  for (size_t i = 0; i < 49; ++i) {
    input.audited.push_back(
        {.id = static_cast<int64_t>(i),
         .sample = {
             .is_spam = i < 9 || i >= 29, .stratum = "0-1", .probability = 0.1, .label = i < 29 ? "ham" : "spam"}});
  }
  const GateReport report = ExamineGate(input);
  EXPECT_THAT(report.Failed(), ElementsAre("accuracy on audits", "false-positive rate on audits"));
  EXPECT_NEAR(*Named(report, "false-positive rate on audits").challenger, 9.0 / 29, 1e-12);
  EXPECT_NEAR(Named(report, "false-positive rate on audits").missed_by, 9.0 / 29 - 0.02, 1e-12);
  input.audits->challenger.positive_label = -1;
  EXPECT_THAT(ExamineGate(input).Failed(), ElementsAre("accuracy on audits"));
}

TEST(Gate, ModelsOfOtherLabelsCannotBeCompared) {
  GateInput input = Input({});
  input.test.reset();
  input.challenger_labels = {"ham", "junk"};
  const GateReport report = ExamineGate(input);
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(GateText(report), HasSubstr("the labels differ: ham, junk instead of ham, spam"));
}

}  // namespace
}  // namespace winnow

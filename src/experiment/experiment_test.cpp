#include "experiment/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/error_of.h"

namespace winnow {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

const StoreTime kStart = ParseTimeText("2026-11-28T12:00:00.000Z").value();

ExperimentPlan Plan() { return {.ramp = {0.01, 0.1, 0.5}, .hold = hours(24)}; }
const ExperimentEvidence kEnoughUsers{.candidate_users = 100, .control_users = 100};

void AddReports(ExperimentState& state, const ExperimentPlan& plan, Arm arm, int number) {
  for (int i = 0; i < number; ++i) state.complaints.Add({.arm = arm}, plan.tests);
}

TEST(Experiment, RaisesTheShareAfterEachHold) {
  const ExperimentPlan plan = Plan();
  ExperimentState state = InitialState(plan, kStart);
  const StoreTime begin = kStart + kStageDelay;
  EXPECT_EQ(ShareAt(state, kStart), 0) << "servers need time to read of it";
  EXPECT_EQ(ShareAt(state, begin), 0.01);
  EXPECT_FALSE(Decide(plan, state, kEnoughUsers, begin + hours(23)));
  const auto decision = Decide(plan, state, kEnoughUsers, begin + hours(24));
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->action, ExperimentDecision::kAdvance);
  EXPECT_THAT(decision->reason, HasSubstr("10 % of the users"));
  EXPECT_EQ(ShareAt(state, begin + hours(24)), 0.01);
  EXPECT_EQ(ShareAt(state, begin + hours(25)), 0.1);
  EXPECT_EQ(ShareAt(state, begin), 0.01) << "what held before stays known";
}

TEST(Experiment, PausesWithoutEnoughUsersAndGoesOnWithThem) {
  const ExperimentPlan plan = Plan();
  ExperimentState state = InitialState(plan, kStart);
  const auto paused = Decide(plan, state, {.candidate_users = 19, .control_users = 100}, kStart + hours(25));
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->action, ExperimentDecision::kPause);
  EXPECT_THAT(paused->reason, HasSubstr("inconclusive: an arm has answered 19 users"));
  EXPECT_FALSE(Decide(plan, state, {.candidate_users = 19}, kStart + hours(26))) << "is said once";
  EXPECT_EQ(Decide(plan, state, kEnoughUsers, kStart + hours(27))->action, ExperimentDecision::kAdvance);
  EXPECT_FALSE(state.pause);
}

TEST(Experiment, RollsBackAtOnceWhateverElseHolds) {
  const ExperimentPlan plan = Plan();
  ExperimentState state = InitialState(plan, kStart);
  AddReports(state, plan, Arm::kCandidate, 12);
  const ExperimentEvidence evidence{.guardrails = {{"latency", "slow"}}};
  const auto decision = Decide(plan, state, evidence, kStart + hours(1));
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->action, ExperimentDecision::kRollBack);
  EXPECT_THAT(decision->reason, HasSubstr("12 of 12 users who reported an error are the candidate's"));
  EXPECT_EQ(state.phase, ExperimentPhase::kRollingBack);
  EXPECT_FALSE(Decide(plan, state, evidence, kStart + hours(2)));
}

TEST(Experiment, PromotesWhenTheShareHasBeenHeld) {
  const ExperimentPlan plan = Plan();
  ExperimentState state = InitialState(plan, kStart);
  AddReports(state, plan, Arm::kControl, 12);
  EXPECT_FALSE(Decide(plan, state, kEnoughUsers, kStart + hours(1)));
  const auto decision = Decide(plan, state, kEnoughUsers, kStart + hours(25));
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->action, ExperimentDecision::kPromote);
  EXPECT_THAT(decision->reason, HasSubstr("0 of 12 users"));
  EXPECT_EQ(state.phase, ExperimentPhase::kPromoting);
}

TEST(Experiment, AFailingGuardrailPausesTheRampAndKeepsFromPromoting) {
  const ExperimentPlan plan = Plan();
  ExperimentState state = InitialState(plan, kStart);
  AddReports(state, plan, Arm::kControl, 12);
  const auto paused = Decide(plan, state, {.guardrails = {{"latency", "slow"}}}, kStart + hours(25));
  EXPECT_EQ(paused->action, ExperimentDecision::kPause);
  EXPECT_EQ(paused->reason, "slow");
  EXPECT_EQ(Decide(plan, state, kEnoughUsers, kStart + hours(25))->action, ExperimentDecision::kPromote);
}

TEST(Experiment, SuspicionKeepsMoreUsersFromTheCandidate) {
  const ExperimentPlan plan = Plan();
  ExperimentState state = InitialState(plan, kStart);
  AddReports(state, plan, Arm::kCandidate, 8);
  const auto paused = Decide(plan, state, kEnoughUsers, kStart + hours(25));
  ASSERT_TRUE(paused);
  EXPECT_THAT(paused->reason, HasSubstr("the evidence against the candidate is E ="));
  AddReports(state, plan, Arm::kControl, 8);
  EXPECT_EQ(Decide(plan, state, kEnoughUsers, kStart + hours(26))->action, ExperimentDecision::kAdvance);
}

TEST(Experiment, SaysThatItIsInconclusiveAtTheLastShare) {
  const ExperimentPlan plan{.ramp = {0.5}};
  ExperimentState state = InitialState(plan, kStart);
  const auto paused = Decide(plan, state, kEnoughUsers, kStart + hours(1));
  ASSERT_TRUE(paused);
  EXPECT_EQ(state.pause->code, "inconclusive");
  EXPECT_EQ(state.phase, ExperimentPhase::kRunning);
  AddReports(state, plan, Arm::kControl, 12);
  EXPECT_EQ(Decide(plan, state, kEnoughUsers, kStart + hours(2))->action, ExperimentDecision::kPromote);
}

TEST(Experiment, GoesOnPausedWithMoreStagesThanShares) {
  const ExperimentPlan plan{.ramp = {0.1}};
  ExperimentState state = InitialState(plan, kStart);
  state.stages.push_back({0.5, kStart});
  ASSERT_TRUE(Decide(plan, state, kEnoughUsers, kStart + hours(1)));
  EXPECT_EQ(state.pause->code, "inconclusive");
  EXPECT_EQ(state.stages.size(), 2u);
}

TEST(Experiment, InShadowModeOnlyBlindLabelsDecide) {
  ExperimentPlan plan = Plan();
  plan.shadow = true;
  ExperimentState state = InitialState(plan, kStart);
  AddReports(state, plan, Arm::kCandidate, 30);
  EXPECT_FALSE(Decide(plan, state, kEnoughUsers, kStart + hours(1)));
  for (int i = 0; i < 12; ++i) state.labels.Add(true);
  const auto decision = Decide(plan, state, kEnoughUsers, kStart + hours(1));
  EXPECT_EQ(decision->action, ExperimentDecision::kRollBack);
  EXPECT_THAT(decision->reason, HasSubstr("T2: the candidate is wrong in 12 of 12 disagreements"));
}

TEST(Experiment, ADryRunEndsWithoutAChange) {
  ExperimentPlan plan = Plan();
  plan.dry_run = true;
  ExperimentState state = InitialState(plan, kStart);
  AddReports(state, plan, Arm::kCandidate, 12);
  EXPECT_THAT(Decide(plan, state, {}, kStart + hours(1))->reason, HasSubstr("dry run, nothing was changed"));
  EXPECT_EQ(state.phase, ExperimentPhase::kStopped);
}

TEST(Experiment, IsKeptAsJsonBitByBit) {
  ExperimentPlan plan = Plan();
  plan.tests = {.margin = 1.1, .promotion_margin = 0.9, .alpha = 0.01};
  ExperimentState state = InitialState(plan, kStart);
  for (int i = 0; i < 100; ++i) {
    AddReports(state, plan, i % 3 == 0 ? Arm::kCandidate : Arm::kControl, 1);
    state.labels.Add(i % 5 == 0);
  }
  state.pause = {"latency", "slow"};
  const Json json = ParseJson(ToJson(state).dump(), "state").value();
  const ExperimentState read = StateFromJson(json).value();
  EXPECT_EQ(read.complaints, state.complaints);
  EXPECT_EQ(read.labels, state.labels);
  EXPECT_EQ(ToJson(read), ToJson(state));
  EXPECT_EQ(ToJson(PlanFromJson(ParseJson(ToJson(plan).dump(), "plan").value()).value()), ToJson(plan));
}

TEST(Experiment, RefusesDamagedRecords) {
  const Json good = ToJson(InitialState(Plan(), kStart));
  for (const auto& [name, value] : good.items()) {
    Json damaged = good;
    damaged[name] = Json();
    EXPECT_EQ(ErrorOf(StateFromJson(damaged)).code, ErrorCode::kInvalidData) << name;
  }
  const Json plan = ToJson(Plan());
  for (const auto& [name, value] : plan.items()) {
    Json damaged = plan;
    damaged[name] = "?";
    EXPECT_FALSE(PlanFromJson(damaged)) << name;
  }
  EXPECT_FALSE(StateFromJson(Json("text")));
}

TEST(Experiment, ChecksPlans) {
  const auto message = [](const ExperimentPlan& plan) { return ErrorOf(CheckPlan(plan)).message; };
  EXPECT_TRUE(CheckPlan(Plan()));
  EXPECT_THAT(message({.ramp = {0.1, 0.1}}), HasSubstr("must ascend"));
  EXPECT_THAT(message({.ramp = {1}}), HasSubstr("cannot get 100 %"));
  EXPECT_THAT(message({.ramp = {0}}), HasSubstr("cannot get 0 %"));
  EXPECT_THAT(message({.ramp = {}}), HasSubstr("1 to 100 shares"));
  EXPECT_THAT(message({.tests = {.margin = 0}}), HasSubstr("margin 0"));
  EXPECT_TRUE(CheckPlan({.tests = {.margin = 1.1, .promotion_margin = 1.1}}));  // of an experiment that has begun
  EXPECT_THAT(message({.tests = {.alpha = std::numeric_limits<double>::quiet_NaN()}}), HasSubstr("--alpha"));
  EXPECT_THAT(message({.ramp = {0.1}, .hold = std::chrono::milliseconds::max()}), HasSubstr("36500 days"));
  EXPECT_THAT(message({.ramp = {0.1}, .settle = std::chrono::milliseconds::max()}), HasSubstr("36500 days"));
}

TEST(Experiment, BeginsOnlyWithMarginsThatComplaintsCanShow) {
  const auto message = [](const TestPlan& tests) { return ErrorOf(CheckNewPlan({.tests = tests})).message; };
  EXPECT_TRUE(CheckNewPlan({.tests = {.margin = 1.1, .promotion_margin = 0.9}}));
  EXPECT_THAT(message({.margin = 1.1, .promotion_margin = 1.1}), HasSubstr("--promotion-margin 1.1 is more than 1"));
  EXPECT_THAT(message({.margin = 0.9, .promotion_margin = 0.9}), HasSubstr("--margin 0.9 is less than 1"));
  EXPECT_THAT(message({.alpha = 0}), HasSubstr("--alpha"));
}

TEST(Experiment, ReadsRampsAndDurations) {
  EXPECT_THAT(ParseRamp("1,5,50").value(), testing::ElementsAre(0.01, 0.05, 0.5));
  for (const char* const text : {"", "1,,2", "1,", "a", "1;2", "5%"}) EXPECT_FALSE(ParseRamp(text)) << text;
  EXPECT_EQ(ParseHold("24h").value(), hours(24));
  EXPECT_EQ(ParseHold("90s").value(), std::chrono::seconds(90));
  EXPECT_EQ(ParseHold("7d").value(), hours(168));
  for (const char* const text : {"", "h", "24", "-1h", "1.5h", "24 h", "99999999999999999999h", "24hours"})
    EXPECT_FALSE(ParseHold(text)) << text;
}

}  // namespace
}  // namespace winnow

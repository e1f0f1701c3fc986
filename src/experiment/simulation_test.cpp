// The figures that an experiment promises, on simulated users with fixed seeds. docs/experiments.md quotes them.
#include "experiment/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace winnow {
namespace {

TEST(Simulation, EqualModelsAreRarelyRolledBackOrPromoted) {
  const SimulatedRuns runs = SimulateComplaints({.runs = 1000, .reporters = 2000});
  EXPECT_LT(runs.rolled_back_share(), 0.05);
  EXPECT_GT(runs.rolled_back_share(), 0.01);  // the test uses what it is allowed
  EXPECT_LT(runs.promoted_share(), 0.05);
}

TEST(Simulation, CountingMessagesInsteadOfUsersStopsHalfOfTheRunsOfEqualModels) {
  const SimulatedRuns runs = SimulateComplaints({.runs = 1000, .reporters = 1000, .count_messages = true});
  EXPECT_GT(runs.rolled_back_share(), 0.4);
  EXPECT_GT(runs.rolled_back_share() + runs.promoted_share(), 0.9);
}

TEST(Simulation, TwiceTheErrorsAreStoppedWithin150ReportersIn90Percent) {
  const SimulatedRuns runs = SimulateComplaints({.runs = 2000, .ratio = 2});
  EXPECT_EQ(runs.promoted, 0);
  EXPECT_NEAR(runs.Quantile(0.5), 63, 4);
  EXPECT_NEAR(runs.Quantile(0.9), 136, 8);
}

TEST(Simulation, HalfTheErrorsArePromotedAsFast) {
  const SimulatedRuns runs = SimulateComplaints({.runs = 2000, .ratio = 0.5});
  EXPECT_EQ(runs.rolled_back, 0);
  EXPECT_GT(runs.Quantile(0.9), 0);
  EXPECT_LE(runs.Quantile(0.9), 150);
}

TEST(Simulation, ARampThatChangesTheSharesKeepsTheGuarantee) {
  for (const std::vector<double>& shares :
       {std::vector{0.05, 0.1, 0.25, 0.5}, std::vector{0.5, 0.6, 0.8, 0.95}, std::vector{0.9, 0.1, 0.9, 0.1}}) {
    const SimulatedRuns equal = SimulateComplaints({.runs = 1000, .shares = shares});
    EXPECT_LT(equal.rolled_back_share(), 0.06) << shares[0];  // 0.05 and three standard errors of 1,000 runs: 0.07
    EXPECT_LT(equal.promoted_share(), 0.06) << shares[0];
    const SimulatedRuns worse = SimulateComplaints({.runs = 500, .ratio = 2, .shares = shares});
    // The bet follows the share of candidates among all reporters so far, so that jumps of the share cost power. A
    // control group as large as the candidate's arm keeps the share at one half, and the power of the tests above.
    EXPECT_GT(worse.rolled_back_share(), 0.85) << shares[0];
    EXPECT_LT(worse.promoted_share(), 0.05) << shares[0];
  }
}

TEST(Simulation, AMarginAllowsWhatItSays) {
  const TestPlan plan{.margin = 1.25, .promotion_margin = 0.8};
  EXPECT_LT(SimulateComplaints({.runs = 1000, .ratio = 1.25, .plan = plan}).rolled_back_share(), 0.05);
  EXPECT_LT(SimulateComplaints({.runs = 1000, .ratio = 0.8, .plan = plan}).promoted_share(), 0.05);
  EXPECT_GT(SimulateComplaints({.runs = 200, .ratio = 2, .plan = plan}).rolled_back_share(), 0.9);
  EXPECT_GT(SimulateComplaints({.runs = 200, .ratio = 0.5, .plan = plan}).promoted_share(), 0.9);
}

/// Two arms of as many users, all of whom report at some time: the arm with the higher rate runs out of users first.
ComplaintTests RunUntilAllHaveReported(double ratio, int users, uint64_t seed, SimulatedRuns& result,
                                       const TestPlan& plan = {}) {
  Random random(seed, "exhaustion");
  std::vector<std::pair<double, Arm>> reports;
  for (int i = 0; i < users; ++i) {
    reports.emplace_back(-std::log(1 - random.Uniform()) / ratio, Arm::kCandidate);
    reports.emplace_back(-std::log(1 - random.Uniform()), Arm::kControl);
  }
  std::ranges::sort(reports);
  ComplaintTests tests;
  for (const auto& [time, arm] : reports) {
    tests.Add({.arm = arm}, plan);
    const bool back = tests.rollback.Rejects(0.05), promoted = tests.promotion.Rejects(0.05);
    if (!back && !promoted) continue;
    ++(back ? result.rolled_back : result.promoted);
    return tests;
  }
  return tests;
}

TEST(Simulation, ArmsThatRunOutOfUsersMakeTheTestCautious) {
  SimulatedRuns better{.runs = 500}, worse{.runs = 500}, equal{.runs = 500};
  for (uint64_t seed = 0; seed < 500; ++seed) {
    RunUntilAllHaveReported(0.5, 300, seed, better);
    RunUntilAllHaveReported(2, 300, seed, worse);
    RunUntilAllHaveReported(1, 300, seed, equal);
  }
  EXPECT_EQ(better.rolled_back, 0);
  EXPECT_EQ(worse.promoted, 0);
  EXPECT_GT(worse.rolled_back, 400);
  EXPECT_LE(equal.rolled_back, 25);
}

// With other margins than those of CheckNewPlan, nearly all of these runs end with the wrong decision.
TEST(Simulation, ArmsThatRunOutOfUsersMakeTestsWithAMarginCautious) {
  const TestPlan plan{.margin = 1.25, .promotion_margin = 0.8};
  SimulatedRuns worse{.runs = 100}, better{.runs = 100}, bold_worse{.runs = 100}, bold_better{.runs = 100};
  for (uint64_t seed = 0; seed < 100; ++seed) {
    RunUntilAllHaveReported(1.25, 1000, seed, worse, plan);
    RunUntilAllHaveReported(0.8, 1000, seed, better, plan);
    RunUntilAllHaveReported(1.25, 1000, seed, bold_worse, {.margin = 1.25, .promotion_margin = 1.25});
    RunUntilAllHaveReported(0.8, 1000, seed, bold_better, {.margin = 0.8, .promotion_margin = 0.8});
  }
  EXPECT_LE(worse.rolled_back, 5);
  EXPECT_LE(better.promoted, 5);
  EXPECT_GE(bold_worse.promoted, 80);
  EXPECT_GE(bold_better.rolled_back, 80);
}

TEST(Simulation, BlindLabelsDecideWithin35LabelsIn90Percent) {
  const SimulatedRuns runs = SimulateDisagreements({.runs = 2000, .candidate_wrong = 0.83});
  EXPECT_EQ(runs.promoted, 0);
  EXPECT_GT(runs.Quantile(0.9), 0);
  EXPECT_LE(runs.Quantile(0.9), 35);
  EXPECT_NEAR(runs.Quantile(0.5), 16, 1);
  const SimulatedRuns equal = SimulateDisagreements({.runs = 1000});
  EXPECT_LT(equal.rolled_back_share(), 0.05);
  EXPECT_LT(equal.promoted_share(), 0.05);
}

}  // namespace
}  // namespace winnow

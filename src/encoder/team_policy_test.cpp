#include "encoder/team_policy.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

/// Makes `calls` calls of a machine where a call takes these times; returns how many of them were made together.
size_t Simulate(TeamPolicy& policy, size_t calls, double together_ms, double alone_ms) {
  size_t count = 0;
  for (size_t i = 0; i < calls; ++i) {
    const bool together = policy.ChooseTogether();
    count += together ? 1 : 0;
    policy.Record(together, 24, (together ? together_ms : alone_ms) / 1000);
  }
  return count;
}

TEST(TeamPolicy, ComputesTogetherOnAQuietMachine) {
  TeamPolicy policy;
  EXPECT_GE(Simulate(policy, 10000, 2.3, 3.7), 9980);
}

TEST(TeamPolicy, ComputesAloneWhileAnotherProgramTakesACore) {
  TeamPolicy policy;
  Simulate(policy, 2000, 2.3, 3.7);
  EXPECT_LE(Simulate(policy, 200, 10.5, 3.7), 12) << "it notices within a few calls";
  EXPECT_LE(Simulate(policy, 10000, 10.5, 3.7), 30);
  EXPECT_GE(Simulate(policy, 1000, 2.3, 3.7), 0);
  EXPECT_GE(Simulate(policy, 10000, 2.3, 3.7), 9900) << "and returns when the program has ended";
}

TEST(TeamPolicy, ASingleDelayChangesNothing) {
  TeamPolicy policy;
  Simulate(policy, 2000, 2.3, 3.7);
  for (int i = 0; i < 100; ++i) {
    Simulate(policy, 1, 40, 3.7);
    EXPECT_GE(Simulate(policy, 20, 2.3, 3.7), 19);
  }
}

TEST(TeamPolicy, TextsOfAllLengthsCount) {
  TeamPolicy policy;
  size_t together = 0;
  for (int i = 0; i < 5000; ++i) {
    const size_t tokens = 4 + static_cast<size_t>(i) * 37 % 120;
    const bool choice = policy.ChooseTogether();
    together += choice ? 1 : 0;
    policy.Record(choice, tokens, static_cast<double>(tokens + 16) * (choice ? 6e-5 : 9e-5));
  }
  EXPECT_GE(together, 4980);
}

}  // namespace
}  // namespace winnow

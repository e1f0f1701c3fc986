#include "experiment/reports.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(Reports, AddToBothTestsWithTheirMargins) {
  const TestPlan plan{.margin = 2, .promotion_margin = 1};
  ComplaintTests tests;
  for (int i = 0; i < 200; ++i) tests.Add({.arm = i % 4 == 0 ? Arm::kControl : Arm::kCandidate}, plan);
  // Three quarters are the candidate's: a ratio of 3, more than 2.
  EXPECT_GT(tests.rollback.log_evidence(), 0);
  EXPECT_LT(tests.promotion.log_evidence(), 0.1);
  SequentialTest expected(TestDirection::kTooManyOnes);
  for (int i = 0; i < 200; ++i) expected.Add(i % 4 != 0, 2.0 / 3);
  EXPECT_EQ(tests.rollback, expected);
}

}  // namespace
}  // namespace winnow

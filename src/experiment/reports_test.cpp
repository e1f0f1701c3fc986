#include "experiment/reports.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;

std::vector<ArmReport> MakeReports(int users) {
  Random random(5);
  std::vector<ArmReport> reports;
  for (int user = 0; user < users; ++user) {
    const Arm arm = random.Uniform() < 0.6 ? Arm::kCandidate : Arm::kControl;
    for (uint32_t i = 0, n = 1 + random.Below(4); i < n; ++i) {
      reports.push_back({.user = "u" + std::to_string(user),
                         .event_id = "e" + std::to_string(reports.size()),
                         .arm = arm,
                         .at = StoreTime(milliseconds(random.Below(1000)))});
    }
  }
  return reports;
}

ComplaintTests Fold(std::vector<ArmReport> reports) {
  ComplaintTests tests;
  for (const ArmReport& report : FirstReports(std::move(reports))) tests.Add(report, {.margin = 1.1});
  return tests;
}

TEST(Reports, CountEachUserOnceByTheFirstReport) {
  const StoreTime t{milliseconds(5)};
  const auto first = FirstReports({{.user = "b", .event_id = "3", .at = t},
                                   {.user = "a", .event_id = "2", .at = t},
                                   {.user = "a", .event_id = "1", .at = t},
                                   {.user = "b", .event_id = "0", .at = t + milliseconds(1)}});
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].event_id, "1");
  EXPECT_EQ(first[1].event_id, "3");
}

TEST(Reports, GiveTheSameTestsInAnyOrderAndHoweverOften) {
  const std::vector<ArmReport> reports = MakeReports(300);
  const ComplaintTests expected = Fold(reports);
  EXPECT_EQ(expected.rollback.count(), 300);
  Random random(6);
  for (int i = 0; i < 20; ++i) {
    std::vector<ArmReport> received = reports;
    for (int again = 0; again < 100; ++again)
      received.push_back(reports[random.Below(static_cast<uint32_t>(reports.size()))]);
    random.Shuffle(received);
    EXPECT_EQ(Fold(received), expected);
  }
}

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

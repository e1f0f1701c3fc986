#include "server/accept_failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Optional;

TEST(AcceptFailures, AreReportedOnceThenPerMinuteThenWhenTheyAreOver) {
  AcceptFailures failures;
  AcceptFailures::Clock::time_point now;
  EXPECT_EQ(failures.Accepted(now), std::nullopt);
  EXPECT_THAT(failures.Failed("no descriptors", now), Optional(HasSubstr("no descriptors")));
  int reports = 0, accepted = 0;
  for (int i = 0; i < 20 * 125; ++i) {  // 125 s at the limit, where a connection comes in now and then
    now += std::chrono::milliseconds(50);
    reports += failures.Failed("no descriptors", now).has_value() ? 1 : 0;
    if (i % 7 == 0) accepted += failures.Accepted(now).has_value() ? 1 : 0;
  }
  EXPECT_EQ(reports, 2);
  EXPECT_EQ(accepted, 0);
  now += std::chrono::seconds(6);
  EXPECT_THAT(failures.Accepted(now), Optional(HasSubstr("2501 failures")));
  EXPECT_EQ(failures.Accepted(now), std::nullopt);
  EXPECT_TRUE(failures.Failed("no descriptors", now)) << "the next ones begin again";
}

}  // namespace
}  // namespace winnow

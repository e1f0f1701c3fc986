#include "milter/failure_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using std::chrono::seconds;

TEST(FailureLog, SpeaksOncePerKindAndMinute) {
  FailureLog log;
  const FailureLog::Clock::time_point begin = {};
  EXPECT_EQ(log.Failed(1, "down", begin), "down");
  EXPECT_EQ(log.Failed(1, "down", begin + seconds(1)), std::nullopt);
  EXPECT_EQ(log.Failed(2, "slow", begin + seconds(1)), "slow");
  EXPECT_EQ(log.Failed(1, "down", begin + seconds(59)), std::nullopt);
  EXPECT_THAT(log.Failed(1, "down", begin + seconds(60)), testing::Optional(testing::HasSubstr("down (2 more")));
  EXPECT_EQ(log.Failed(1, "down", begin + seconds(119)), std::nullopt);
  EXPECT_EQ(log.Failed(2, "slow", begin + seconds(90)), "slow");
}

}  // namespace
}  // namespace winnow

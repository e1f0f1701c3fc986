#include "server/connection_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::HasSubstr;

TEST(ConnectionRefusals, AreCountedByLimitAndReportedOncePerMinute) {
  ConnectionRefusals refusals;
  ConnectionRefusals::Clock::time_point now;
  const auto first = refusals.Refused(ConnectionLimitKind::kAddress, "192.0.2.1", 4096, now);
  ASSERT_TRUE(first);
  EXPECT_THAT(*first, HasSubstr("a connection from 192.0.2.1 was refused, since 4096 of this address are open"));
  now += std::chrono::seconds(59);
  EXPECT_FALSE(refusals.Refused(ConnectionLimitKind::kAddress, "192.0.2.1", 4096, now));
  now += std::chrono::seconds(1);
  const auto later = refusals.Refused(ConnectionLimitKind::kTotal, "192.0.2.2", 16384, now);
  ASSERT_TRUE(later);
  EXPECT_THAT(*later, HasSubstr("since 16384 are open"));
  EXPECT_THAT(*later, HasSubstr("3 were refused so far"));
  refusals.MadeRoom(ConnectionLimitKind::kTotal);
  EXPECT_EQ(refusals.refused(ConnectionLimitKind::kAddress), 2u);
  EXPECT_EQ(refusals.refused(ConnectionLimitKind::kTotal), 1u);
  EXPECT_EQ(refusals.made_room(ConnectionLimitKind::kAddress), 0u);
  EXPECT_EQ(refusals.made_room(ConnectionLimitKind::kTotal), 1u);
}

}  // namespace
}  // namespace winnow

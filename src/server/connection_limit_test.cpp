#include "server/connection_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace winnow {
namespace {

TEST(ConnectionLimit, AnAddressCannotExceedItsLimit) {
  ConnectionLimit limit(2);
  EXPECT_TRUE(limit.Enter("192.0.2.1"));
  EXPECT_TRUE(limit.Enter("192.0.2.1"));
  EXPECT_FALSE(limit.Enter("192.0.2.1"));
  EXPECT_TRUE(limit.Enter("192.0.2.2")) << "others are not concerned";
  limit.Leave("192.0.2.1");
  EXPECT_TRUE(limit.Enter("192.0.2.1"));
  EXPECT_FALSE(limit.Enter("192.0.2.1")) << "a refused one counted nowhere";
}

TEST(ConnectionLimit, AnIpv6NetworkOf64BitsCountsAsOneAddress) {
  ConnectionLimit limit(1);
  EXPECT_TRUE(limit.Enter("2001:db8::1"));
  EXPECT_FALSE(limit.Enter("2001:db8::ffff"));
  EXPECT_TRUE(limit.Enter("2001:db8:0:1::1"));
  limit.Leave("2001:db8::1");
  EXPECT_TRUE(limit.Enter("2001:db8::ffff"));
}

TEST(ConnectionLimit, AddressesWithoutConnectionsAreForgotten) {
  ConnectionLimit limit(3);
  for (int i = 0; i < 100000; ++i) {
    const std::string address =
        "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
    ASSERT_TRUE(limit.Enter(address));
    limit.Leave(address);
  }
  EXPECT_EQ(limit.addresses(), 0u);
  limit.Leave("10.0.0.1");  // who never came
  EXPECT_EQ(limit.addresses(), 0u);
}

TEST(ConnectionLimit, WithoutALimitAllEnter) {
  ConnectionLimit limit(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.Enter("192.0.2.1"));
  EXPECT_EQ(limit.addresses(), 0u);
}

TEST(ConnectionLimit, TrustedProxiesAreNotLimited) {
  ConnectionLimit limit(1, TrustedProxies::Parse({"10.0.0.0/8", "unix"}).value());
  for (const char* proxy : {"10.0.0.1", "10.0.0.1", "unix", "unix"}) EXPECT_TRUE(limit.Enter(proxy)) << proxy;
  EXPECT_TRUE(limit.Enter("192.0.2.1"));
  EXPECT_FALSE(limit.Enter("192.0.2.1"));
  limit.Leave("10.0.0.1");
  EXPECT_EQ(limit.addresses(), 1u);
}

TEST(ConnectionLimit, HoldsAcrossThreads) {
  ConnectionLimit limit(5);
  std::atomic<int> entered = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          if (limit.Enter("192.0.2.1")) ++entered;
          if (limit.Enter("192.0.2.2")) limit.Leave("192.0.2.2");
        }
      });
    }
  }
  EXPECT_EQ(entered, 5);
  EXPECT_EQ(limit.addresses(), 1u);
}

}  // namespace
}  // namespace winnow

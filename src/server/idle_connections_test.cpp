#include "server/idle_connections.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

namespace winnow {
namespace {

class IdleConnectionsTest : public testing::Test {
 protected:
  IdleConnections::Entry& Connection(const std::string& group, const std::string& name) {
    return entries_.emplace_back(group, [this, name] { closed_.push_back(name); });
  }

  IdleConnections idle_;
  std::deque<IdleConnections::Entry> entries_;
  std::vector<std::string> closed_;
};

TEST_F(IdleConnectionsTest, TheOneThatHasWaitedLongestIsClosedFirst) {
  EXPECT_FALSE(idle_.CloseOldest());
  IdleConnections::Entry& a = Connection("192.0.2.1", "a");
  IdleConnections::Entry& b = Connection("192.0.2.2", "b");
  IdleConnections::Entry& c = Connection("", "c");
  for (IdleConnections::Entry* const entry : {&a, &b, &c}) idle_.Add(*entry);
  idle_.Remove(a);
  idle_.Add(a);  // after another request
  idle_.Add(b);  // changes nothing
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(idle_.CloseOldest());
  EXPECT_FALSE(idle_.CloseOldest());
  EXPECT_EQ(closed_, (std::vector<std::string>{"b", "c", "a"}));
  for (IdleConnections::Entry* const entry : {&a, &b, &c}) idle_.Remove(*entry);
  idle_.Add(b);
  EXPECT_TRUE(idle_.CloseOldest()) << "one that had a request after all";
}

TEST_F(IdleConnectionsTest, TheLimitOfAnAddressClosesAConnectionOfTheAddress) {
  for (const auto& [group, name] :
       {std::pair("192.0.2.1", "a"), std::pair("192.0.2.2", "b"), std::pair("192.0.2.2", "c")})
    idle_.Add(Connection(group, name));
  EXPECT_TRUE(idle_.CloseOldest("192.0.2.2"));
  EXPECT_TRUE(idle_.CloseOldest("192.0.2.2"));
  EXPECT_FALSE(idle_.CloseOldest("192.0.2.2"));
  EXPECT_FALSE(idle_.CloseOldest("192.0.2.3"));
  EXPECT_EQ(closed_, (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(idle_.CloseOldest());
}

TEST(IdleConnections, HoldAcrossThreads) {
  IdleConnections idle;
  std::atomic<int> closed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      IdleConnections::Entry entry(t % 2 == 0 ? "even" : "", [&] { ++closed; });
      for (int i = 0; i < 2000; ++i) {
        idle.Add(entry);
        if (i % 3 == 0) idle.CloseOldest(t % 2 == 0 ? "even" : "");
        idle.Remove(entry);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(closed, 0);
  EXPECT_FALSE(idle.CloseOldest());
}

}  // namespace
}  // namespace winnow

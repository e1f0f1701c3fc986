#include "server/rate_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace winnow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A clock that stands until it is told to move.
struct Clock {
  std::atomic<int64_t> now_ms = 1000000;
  RateLimiter::Clock Function() {
    return [this] { return std::chrono::steady_clock::time_point(milliseconds(now_ms.load())); };
  }
  void Move(milliseconds time) { now_ms += time.count(); }
};

TEST(RateLimit, ABurstPassesAtOnceAndThenTheRateHolds) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  const RateLimit limit{60, 3};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a", limit), std::nullopt);
  EXPECT_EQ(limiter.Take("a", limit), seconds(1));
  EXPECT_EQ(limiter.Take("b", limit), std::nullopt) << "others are not concerned";
  clock.Move(milliseconds(999));
  EXPECT_EQ(limiter.Take("a", limit), seconds(1));
  clock.Move(milliseconds(1));
  EXPECT_EQ(limiter.Take("a", limit), std::nullopt) << "just when it was told";
  EXPECT_NE(limiter.Take("a", limit), std::nullopt);
}

TEST(RateLimit, ARefusedRequestTakesNoTokens) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  const RateLimit limit{6, 1};
  EXPECT_EQ(limiter.Take("a", limit), std::nullopt);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limiter.Take("a", limit), seconds(10));
  clock.Move(seconds(10));
  EXPECT_EQ(limiter.Wait("a", limit), std::nullopt);
  EXPECT_EQ(limiter.Wait("a", limit), std::nullopt) << "Wait takes nothing";
  EXPECT_EQ(limiter.Take("a", limit), std::nullopt);
}

TEST(RateLimit, ABucketNeverHoldsMoreThanItsBurst) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  const RateLimit limit{600, 5};
  EXPECT_EQ(limiter.Take("a", limit), std::nullopt);
  clock.Move(std::chrono::hours(1000));
  int passed = 0;
  while (!limiter.Take("a", limit)) ++passed;
  EXPECT_EQ(passed, 5);
}

TEST(RateLimit, OverTimeTheRateHolds) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  int passed = 0;
  for (int i = 0; i < 60000; ++i, clock.Move(milliseconds(10))) {
    if (!limiter.Take("a", {90, 10})) ++passed;
  }
  EXPECT_NEAR(passed, 900 + 10, 1) << "ten minutes' worth and the burst";
}

TEST(RateLimit, WithoutABurstAMinutesRequestsPassAtOnce) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  int passed = 0;
  while (!limiter.Take("a", {40, 0})) ++passed;
  EXPECT_EQ(passed, 40);
  EXPECT_EQ(limiter.Take("slow", {0.5, 0}), std::nullopt);
  EXPECT_EQ(limiter.Take("slow", {0.5, 0}), seconds(120));
}

TEST(RateLimit, ACostAboveTheBurstIsGrantedByAFullBucketAndOwed) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  const RateLimit limit{60, 10};
  EXPECT_EQ(limiter.Take("a", limit, 30), std::nullopt);
  EXPECT_EQ(limiter.Take("a", limit, 1), seconds(21));
  EXPECT_EQ(limiter.Take("a", limit, 30), seconds(30));
  clock.Move(seconds(30));
  EXPECT_EQ(limiter.Take("a", limit, 30), std::nullopt);
}

TEST(RateLimit, NoLimitRefusesNobody) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.Take("a", {}), std::nullopt);
  EXPECT_EQ(limiter.Take("a", {-1, 5}), std::nullopt);
  EXPECT_EQ(limiter.Take("a", {1, 1}, -5), std::nullopt);
}

TEST(RateLimit, ANewLimitHoldsAtOnce) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  EXPECT_EQ(limiter.Take("a", {6, 1}), std::nullopt);
  EXPECT_EQ(limiter.Take("a", {6, 1}), seconds(10));
  EXPECT_EQ(limiter.Take("a", {60, 20}), std::nullopt);
}

TEST(RateLimit, FullBucketsAreReusedForOtherNames) {
  Clock clock;
  RateLimiter limiter(clock.Function(), 8);  // a single row
  const RateLimit limit{60, 1};
  for (int round = 0; round < 1000; ++round, clock.Move(seconds(1))) {
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(round) + " " + std::to_string(i);
      EXPECT_EQ(limiter.Take(name, limit), std::nullopt);
      EXPECT_EQ(limiter.Take(name, limit), seconds(1)) << "none of the eight is forgotten";
    }
  }
}

TEST(RateLimit, WithMoreNamesThanPlacesNoNewNameIsRefused) {
  Clock clock;
  RateLimiter limiter(clock.Function(), 64);
  const RateLimit limit{1, 1};
  for (int i = 0; i < 10000; ++i) EXPECT_EQ(limiter.Take(std::to_string(i), limit), std::nullopt);
}

TEST(RateLimit, ManyNewNamesReplaceTheBucketsThatAreNearlyFull) {
  Clock clock;
  RateLimiter limiter(clock.Function(), 8);
  EXPECT_EQ(limiter.Take("greedy", {60, 100}, 100), std::nullopt);
  for (int i = 0; i < 1000; ++i) limiter.Take(std::to_string(i), {60, 1});
  EXPECT_EQ(limiter.Take("greedy", {60, 100}, 100), seconds(100));
}

TEST(RateLimit, ThreadsTogetherTakeNoMoreThanTheBurst) {
  Clock clock;
  RateLimiter limiter(clock.Function());
  std::atomic<int> passed = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          if (!limiter.Take("a", {1, 500})) ++passed;
          limiter.Take(std::to_string(i), {1, 5});
        }
      });
    }
  }
  EXPECT_EQ(passed, 500);
}

}  // namespace
}  // namespace winnow

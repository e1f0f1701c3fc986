#include "base/threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>

namespace winnow {
namespace {

TEST(ThreadPool, RunsEveryThreadOncePerRound) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.size(), threads);
    std::vector<int> counts(static_cast<size_t>(threads));
    for (int round = 0; round < 1000; ++round) pool.Run([&](int thread) { ++counts[static_cast<size_t>(thread)]; });
    for (const int count : counts) EXPECT_EQ(count, 1000);
  }
}

TEST(ThreadPool, RangesCoverEveryIndexOnceAndBeginAtTheGrain) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (const size_t count : {0, 1, 7, 16, 100, 1001}) {
      for (const size_t grain : {1, 4, 16}) {
        std::vector<int> seen(count);
        std::vector<size_t> begins(static_cast<size_t>(threads), 0);
        pool.ForRanges(count, grain, [&](size_t begin, size_t end, int thread) {
          begins[static_cast<size_t>(thread)] = begin;
          for (size_t i = begin; i < end; ++i) ++seen[i];
        });
        for (const int times : seen) ASSERT_EQ(times, 1);
        for (const size_t begin : begins) EXPECT_EQ(begin % grain, 0u);
      }
    }
  }
}

TEST(ThreadPool, WorksAfterItsThreadsFellAsleep) {
  ThreadPool pool(3);
  std::atomic<int> sum = 0;
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.Run([&](int thread) { sum += thread; });
  }
  EXPECT_EQ(sum, 9);
}

}  // namespace
}  // namespace winnow

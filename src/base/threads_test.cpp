#include "base/threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <new>
#include <numeric>
#include <string>
#include <system_error>
#include <thread>

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
    for (const size_t count : {0U, 1U, 7U, 16U, 100U, 1001U}) {
      for (const size_t grain : {1U, 4U, 16U}) {
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

/// Returns true if the system reports that all threads of the process but this one are asleep.
bool OtherThreadsSleep() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(::gettid())) continue;
    std::ifstream file(task.path() / "stat");
    std::string stat;
    std::getline(file, stat);
    const size_t name_end = stat.rfind(')');  // "123 (name) S ..."
    if (name_end != std::string::npos && stat.compare(name_end, 3, ") S") != 0) return false;
  }
  return true;
}

TEST(ThreadPool, WorksAfterItsThreadsFellAsleep) {
  ThreadPool pool(3);
  std::atomic<int> sum = 0;
  for (int round = 0; round < 3; ++round) {
    while (!OtherThreadsSleep()) std::this_thread::yield();
    pool.Run([&](int thread) { sum += thread; });
  }
  EXPECT_EQ(sum, 9);
}

TEST(ThreadPool, ThrowsTheExceptionOfATaskWhenAllTasksAreDone) {
  ThreadPool pool(3);
  for (const int thrower : {0, 1, 2}) {
    std::atomic<int> done = 0;
    const auto run = [&] {
      pool.Run([&](int thread) {
        if (thread == thrower) throw std::bad_alloc();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++done;
      });
    };
    EXPECT_THROW(run(), std::bad_alloc);
    EXPECT_EQ(done, 2);
  }
  std::atomic<int> sum = 0;
  pool.Run([&](int thread) { sum += thread; });
  EXPECT_EQ(sum, 3) << "the pool goes on";
}

/// Starts a pool of 1,000 threads where there is address space for some of their stacks. Ends the process with 0 if
/// that throws.
[[noreturn]] void StartMoreThreadsThanThereIsRoomFor() {
  std::ifstream statm("/proc/self/statm");
  size_t pages = 0;
  statm >> pages;
  const rlim_t room = pages * static_cast<size_t>(::getpagesize()) + (256U << 20U);
  const rlimit limit{.rlim_cur = room, .rlim_max = room};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
  try {
    ThreadPool pool(1000);
  } catch (const std::system_error& error) {
    ::_exit(std::string(error.what()).find("of 1000 threads can be started") == std::string::npos ? 3 : 0);
  }
  ::_exit(1);
}

TEST(ThreadPool, ThrowsIfThereAreNotSoManyThreads) {
  EXPECT_EXIT(StartMoreThreadsThanThereIsRoomFor(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace winnow

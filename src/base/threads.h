/// A fixed set of threads that run one task together. The whole program has one thread model: libraries are called with
/// one thread each from these (docs/adr), so that results depend on the inputs and the number of threads alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace winnow {

/// Whether a call that may come from several threads at once takes its pool's other threads, where they are free, or
/// leaves them to other callers.
enum class PoolUse { kIfFree, kNone };

class ThreadPool {
 public:
  /// `threads` counts the caller; 0 takes the machine's number of cores that this process may use.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Runs task(0) here and task(1) ... task(size-1) on the workers; returns when all are done. One caller at a time.
  /// Tasks must not throw.
  void Run(const std::function<void(int thread)>& task);

  /// Cuts [0, count) into one contiguous part a thread, the same for the same count and size, and runs
  /// task(begin, end, thread) for those that are not empty. Parts begin at multiples of `grain`.
  void ForRanges(size_t count, size_t grain, const std::function<void(size_t begin, size_t end, int thread)>& task);

 private:
  void Work(int thread);

  std::vector<std::thread> workers_;
  const std::function<void(int)>* task_ = nullptr;
  std::atomic<unsigned> round_ = 0;    // a new task when it changes
  std::atomic<unsigned> running_ = 0;  // workers that have not finished this round
  bool stop_ = false;
};

/// Where `threads` threads wait for each other, again and again, within microseconds.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(static_cast<unsigned>(threads)) {}

  /// Returns once all threads have called it; what they wrote before is visible after.
  void Wait();

 private:
  const unsigned threads_;
  std::atomic<unsigned> waiting_ = 0;
  std::atomic<unsigned> round_ = 0;
};

/// Cores that this process may run on: the affinity mask, bounded by the cgroup's CPU quota.
int AvailableCores();

}  // namespace winnow

/// A fixed set of threads that run one task together. The whole program has one thread model: libraries are called with
/// one thread each from the threads of a pool (docs/adr), so that results depend on the inputs and the number of
/// threads alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace winnow {

/// Selects whether a call that may come from several threads at once uses the other threads of its pool if they are
/// free, or leaves them to other callers.
enum class PoolUse { kIfFree, kNone };

class ThreadPool {
 public:
  /// Creates a pool of `threads` threads, the caller's thread included; 0: the number of cores that this process may
  /// use.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Runs task(0) in the calling thread and task(1) ... task(size-1) in the workers, and returns when all are done. For
  /// one caller at a time. Rethrows the first exception of the tasks then; those that wait for each other must not
  /// throw.
  void Run(const std::function<void(int thread)>& task);

  /// Divides [0, count) into one contiguous range per thread and runs task(begin, end, thread) for each range that is
  /// not empty. The ranges depend on `count`, `grain` and the size of the pool alone, and begin at multiples of
  /// `grain`.
  void ForRanges(size_t count, size_t grain, const std::function<void(size_t begin, size_t end, int thread)>& task);

 private:
  void Work(int thread);

  std::vector<std::thread> workers_;
  const std::function<void(int)>* task_ = nullptr;
  std::atomic<unsigned> round_ = 0;    // a new task when it changes
  std::atomic<unsigned> running_ = 0;  // workers that have not finished this round
  bool stop_ = false;
};

/// A barrier at which `threads` threads wait for each other repeatedly, for microseconds each time.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(static_cast<unsigned>(threads)) {}

  /// Returns once all threads have called Wait; their earlier writes are visible afterwards.
  void Wait();

 private:
  const unsigned threads_;
  std::atomic<unsigned> waiting_ = 0;
  std::atomic<unsigned> round_ = 0;
};

/// How soon a thread has to run when it has something to do.
enum class ThreadUrgency {
  kPrompt,  ///< it does little at a time, and somebody waits for it: network I/O, a single text
  kNormal,
};

/// Sets the urgency of the calling thread, which threads that it starts inherit. A prompt thread asks the system for
/// short time slices, with which it interrupts threads that have run for longer, and receives no larger share of a core
/// (sched_setattr(2); Linux 6.12 and later, no effect elsewhere).
void SetThreadUrgency(ThreadUrgency urgency);

/// Names the calling thread for top(1), ps(1) and debuggers; 15 bytes at most.
void NameThread(const char* name);

/// Returns the number of cores that this process may use: those of the affinity mask, bounded by the CPU quota of its
/// control group, which is rounded up: work that takes long ends soonest if the whole quota is used.
int AvailableCores();

/// Returns AvailableCores() with the quota rounded down, but at least 1, for work that somebody waits for. With more
/// threads the quota is used up before the end of each period, and the system stops all of them until the next one
/// begins, for tens of milliseconds.
int UnthrottledCores();

}  // namespace winnow

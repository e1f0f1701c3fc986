/// A thread that does one thing after another: what takes long, and must hold up neither those who read and write nor
/// the workers of a queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace winnow {

/// Thread-safe. The thread starts with the first task. Destroying it does what was posted first.
class TaskThread {
 public:
  explicit TaskThread(size_t most_waiting = SIZE_MAX) : most_waiting_(most_waiting) {}
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;
  ~TaskThread() { Finish(); }

  /// False, and the task is not done: after Finish, and where too many wait. What a task throws is logged.
  bool Post(std::function<void()> task);

  /// Returns when all is done. Not for tasks themselves.
  void Finish();

 private:
  void Work();

  const size_t most_waiting_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::function<void()>> tasks_ GUARDED_BY(mutex_);
  bool finished_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // started with the mutex held; joined once no task can start it
};

}  // namespace winnow

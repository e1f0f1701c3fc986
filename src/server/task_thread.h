/// A thread that runs tasks one after the other, for long tasks that must block neither the threads that read and write
/// nor the workers of a queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace winnow {

/// A queue of tasks with one thread. Thread-safe. The thread starts with the first task. Destruction runs the queued
/// tasks first.
class TaskThread {
 public:
  explicit TaskThread(size_t most_waiting = SIZE_MAX) : most_waiting_(most_waiting) {}
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;
  ~TaskThread() { Finish(); }

  /// Queues a task. Returns false, without running it, after Finish and if too many tasks are queued. Exceptions of
  /// tasks are logged.
  bool Post(std::function<void()> task);

  /// Returns when all tasks have run. Must not be called by tasks.
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

/// A thread that does one thing after another.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace winnow {

/// Thread-safe. The thread starts with the first task. Destroying it does what was posted first.
class TaskThread {
 public:
  TaskThread() = default;
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;
  ~TaskThread() { Finish(); }

  /// Tasks must not throw. What is posted after Finish is not done.
  void Post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (finished_) return;
    tasks_.push_back(std::move(task));
    if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
    more_.notify_one();
  }

  /// Returns when all is done. Not for tasks themselves.
  void Finish() {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
      more_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      more_.wait(lock, [this] { return finished_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = {};  // what it holds goes without the lock
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> tasks_;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace winnow

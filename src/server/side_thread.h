/// A thread for what takes long and is no batch of texts (explanations), so that it holds up neither those who read and
/// write nor the workers of the queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace winnow {

/// Runs tasks one after the other. Thread-safe. Destroying it runs what is waiting first, but not from a task.
class SideThread {
 public:
  explicit SideThread(size_t most_waiting);
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;
  ~SideThread();

  /// False, and the task is not run, where too many wait. Tasks that throw are no concern of others: what they throw
  /// is logged.
  bool Run(std::function<void()> task);

 private:
  void Work();

  const size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;  // from the first task on
};

}  // namespace winnow

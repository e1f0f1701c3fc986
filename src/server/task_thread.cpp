#include "server/task_thread.h"

#include <exception>
#include <utility>

#include "base/log.h"

namespace winnow {

bool TaskThread::Post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (finished_ || tasks_.size() >= most_waiting_) return false;
  tasks_.push_back(std::move(task));
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  more_.notify_one();
  return true;
}

void TaskThread::Finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    more_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void TaskThread::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return finished_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    try {
      task();
    } catch (const std::exception& e) {
      LogError("{}", e.what());
    }
    task = {};  // what it holds goes without the lock
    lock.lock();
  }
}

}  // namespace winnow

#include "server/task_thread.h"

#include <exception>
#include <utility>

#include "base/log.h"

namespace winnow {

bool TaskThread::Post(std::function<void()> task) {
  const MutexLock lock(mutex_);
  if (finished_ || tasks_.size() >= most_waiting_) return false;
  tasks_.push_back(std::move(task));
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  changed_.NotifyOne();
  return true;
}

void TaskThread::Finish() {
  {
    const MutexLock lock(mutex_);
    finished_ = true;
    changed_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void TaskThread::Work() {
  for (;;) {
    std::function<void()> task;
    {
      const MutexLock lock(mutex_);
      while (!finished_ && tasks_.empty()) changed_.Wait(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    try {
      task();
    } catch (const std::exception& e) {
      LogError("{}", e.what());
    }
  }
}

}  // namespace winnow

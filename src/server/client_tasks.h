/// Threads for tasks that take longer than a moment: unpacking and reading large bodies, writing large responses,
/// explanations. They must block neither the threads that read and write nor the workers of a queue.
///
/// Clients take turns by the time that their tasks have taken: the next task is that of the client that has used the
/// threads least since it came (start-time fair queueing; Goyal, Vin and Cheng, 1996, with the measured time as the
/// cost). One client uses all threads but one at most, so that the short task of another does not wait for its long
/// ones.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace winnow {

/// A queue of tasks with a fixed number of threads, which start with the first task. Thread-safe. Destruction runs the
/// queued tasks first.
class ClientTasks {
 public:
  /// Creates the queue. `most_waiting`: maximum number of tasks that wait; a client may take as many places as it
  /// leaves free.
  explicit ClientTasks(int threads = 1, size_t most_waiting = SIZE_MAX)
      : thread_count_(threads), most_waiting_(most_waiting) {}
  ClientTasks(const ClientTasks&) = delete;
  ClientTasks& operator=(const ClientTasks&) = delete;
  ~ClientTasks() { Finish(); }

  /// Queues a task of a client. Returns false, without running it, after Finish, if too many tasks are queued, and if
  /// no thread can be started. Exceptions of tasks are logged.
  bool Post(const std::string& client, std::function<void()> task);

  /// Returns true on the queue's own threads, within a task.
  bool RunsThisThread() const;

  /// Returns when all tasks have run. Must not be called by tasks.
  void Finish();

 private:
  struct Client {
    std::deque<std::function<void()>> tasks;
    double seconds = 0;  // that its tasks have taken, counted from where the others were when it came
    int running = 0;
  };
  struct Turn {
    double seconds = 0;
    uint64_t order = 0;  // of clients with equal times: first come, first served
    std::string client;
    auto operator<=>(const Turn&) const = default;
  };

  void Work();
  bool StartThreads() REQUIRES(mutex_);
  std::set<Turn>::iterator NextTurn() REQUIRES(mutex_);

  const int thread_count_;
  const size_t most_waiting_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::map<std::string, Client> clients_ GUARDED_BY(mutex_);  // with tasks that wait or run
  std::set<Turn> turns_ GUARDED_BY(mutex_);                   // clients with tasks that wait
  uint64_t order_ GUARDED_BY(mutex_) = 0;
  double now_ GUARDED_BY(mutex_) = 0;  // time of the client that was served last
  size_t waiting_ GUARDED_BY(mutex_) = 0;
  bool finished_ GUARDED_BY(mutex_) = false;
  bool failure_logged_ GUARDED_BY(mutex_) = false;  // of starting a thread
  std::vector<std::thread> threads_;                // started with the mutex held; joined once no task can start them
};

}  // namespace winnow

#include "server/client_tasks.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/stopwatch.h"
#include "base/threads.h"

namespace winnow {
namespace {

thread_local const ClientTasks* this_threads_queue = nullptr;

}  // namespace

bool ClientTasks::RunsThisThread() const { return this_threads_queue == this; }

bool ClientTasks::StartThreads() {
  try {
    while (threads_.size() < static_cast<size_t>(thread_count_)) threads_.emplace_back([this] { Work(); });
  } catch (const std::system_error& e) {
    if (!std::exchange(failure_logged_, true)) LogError("could not start a thread: {}", e.what());
  }
  return !threads_.empty();
}

bool ClientTasks::Post(const std::string& client, std::function<void()> task) {
  const MutexLock lock(mutex_);
  const auto found = clients_.find(client);
  const size_t own = found == clients_.end() ? 0 : found->second.tasks.size();
  if (finished_ || waiting_ >= most_waiting_ || own >= most_waiting_ - waiting_ || !StartThreads()) return false;
  Client& queue = found == clients_.end() ? clients_[client] : found->second;
  if (found == clients_.end()) queue.seconds = now_;
  queue.tasks.push_back(std::move(task));
  if (queue.tasks.size() == 1) {
    try {
      turns_.insert({queue.seconds, order_++, client});
    } catch (const std::bad_alloc&) {
      queue.tasks.pop_back();  // a client with tasks always has a turn
      throw;
    }
  }
  ++waiting_;
  changed_.NotifyOne();
  return true;
}

void ClientTasks::Finish() {
  {
    const MutexLock lock(mutex_);
    finished_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::set<ClientTasks::Turn>::iterator ClientTasks::NextTurn() {
  const int most = std::max(1, static_cast<int>(threads_.size()) - 1);
  return std::find_if(turns_.begin(), turns_.end(),
                      [&](const Turn& turn) REQUIRES(mutex_) { return clients_.at(turn.client).running < most; });
}

void ClientTasks::Work() {
  using Clock = std::chrono::steady_clock;
  NameThread("winnow-task");
  SetThreadUrgency(ThreadUrgency::kNormal);
  this_threads_queue = this;
  for (;;) {
    std::function<void()> task;
    std::map<std::string, Client>::iterator found;  // stays valid while a task of the client runs
    {
      const MutexLock lock(mutex_);
      auto turn = NextTurn();
      while (turn == turns_.end()) {
        if (finished_ && turns_.empty()) return;
        changed_.Wait(mutex_);
        turn = NextTurn();
      }
      found = clients_.find(turn->client);
      auto taken = turns_.extract(turn);  // turns are moved, since copies need memory, which may have run out
      Client& client = found->second;
      now_ = std::max(now_, client.seconds);
      task = std::move(client.tasks.front());
      client.tasks.pop_front();
      --waiting_;
      ++client.running;
      if (!client.tasks.empty()) {
        taken.value().seconds = client.seconds;
        taken.value().order = order_++;
        turns_.insert(std::move(taken));
      }
    }
    const Clock::time_point begin = Clock::now();
    try {
      task();
      task = {};
    } catch (const std::exception& e) {
      LogError("{}", e.what());
    }
    const double seconds = SecondsSince(begin);
    const MutexLock lock(mutex_);
    Client& client = found->second;
    --client.running;
    if (!client.tasks.empty()) {  // its turn is known by the time that it had then
      auto later = turns_.extract(
          std::find_if(turns_.begin(), turns_.end(), [&](const Turn& turn) { return turn.client == found->first; }));
      later.value().seconds = client.seconds + seconds;
      turns_.insert(std::move(later));
    }
    client.seconds += seconds;
    if (client.tasks.empty() && client.running == 0) clients_.erase(found);
    changed_.NotifyAll();  // the client may have a thread again
  }
}

}  // namespace winnow

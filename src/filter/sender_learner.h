/// What feedback teaches about senders.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "filter/history.h"
#include "filter/known_state.h"

namespace winnow {

/// A change of a sender's score: a report of spam counts 1, a report of ham -1.
struct SenderLesson {
  std::string key;     ///< identifies the feedback, so that it counts once
  std::string sender;  ///< in normal form
  std::string user;    ///< whose score changes; empty: that for all users
  double delta = 0;
  StoreTime at = {};
};

/// Changes scores in the store; while it is down, later. A change that waits when the process ends is lost, but not the
/// feedback behind it. Thread-safe.
class SenderLearner {
 public:
  static constexpr size_t kMostWaiting = 100000;

  /// `cache` must outlive this object.
  SenderLearner(History::StoreSource store, KnownStateCache& cache);
  SenderLearner(const SenderLearner&) = delete;
  SenderLearner& operator=(const SenderLearner&) = delete;
  ~SenderLearner();

  /// Changes the score, so that the next message of the sender is judged by the new one. Blocks as long as the store.
  void Learn(SenderLesson lesson);

  size_t waiting() const;

 private:
  Result<void> Apply(const SenderLesson& lesson);
  void Work();

  const History::StoreSource store_;
  KnownStateCache& cache_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<SenderLesson> waiting_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow

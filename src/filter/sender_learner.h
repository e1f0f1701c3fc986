/// What feedback teaches about senders.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "filter/history.h"
#include "filter/known_state.h"
#include "store/spool.h"

namespace winnow {

/// A change of a sender's score: a report of spam counts 1, a report of ham -1.
struct SenderLesson {
  std::string key;     ///< identifies the feedback, so that it counts once
  std::string sender;  ///< in normal form
  std::string user;    ///< user for whom the score changes; empty: for all users
  double delta = 0;
  StoreTime at = {};
};

/// Changes scores in the store. While the store is down, changes wait in a spool on disk, from which they are made
/// later, by the next process if need be. Thread-safe.
class SenderLearner {
 public:
  /// `cache` must outlive this object.
  SenderLearner(History::StoreSource store, KnownStateCache& cache, std::unique_ptr<Spool> spool);
  SenderLearner(const SenderLearner&) = delete;
  SenderLearner& operator=(const SenderLearner&) = delete;
  /// What is in the spool stays there.
  ~SenderLearner();

  /// Changes the score, so that the next message of the sender is judged by the new one. Blocks as long as the store.
  /// Returns when the change is durable; a change that neither the store nor the spool takes is logged and counted.
  void Learn(const SenderLesson& lesson);

  /// Returns true if changes wait for the store.
  bool waiting() const { return !spool_->empty(); }
  /// Returns the number of changes that were lost, because the spool could not be written.
  uint64_t lost() const;

 private:
  Result<void> Apply(const SenderLesson& lesson);
  Result<void> ApplySegment(const SpoolSegment& segment);
  void Keep(const SenderLesson& lesson);
  void Work();

  const History::StoreSource store_;
  KnownStateCache& cache_;
  const std::unique_ptr<Spool> spool_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  uint64_t lost_ GUARDED_BY(mutex_) = 0;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow

/// Group commit of feedback: events that arrive while a transaction is being written are written in the next one
/// together, so that many share one fsync (DeWitt et al. 1984, "Implementation Techniques for Main Memory Database
/// Systems", section 5.2).
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "store/records.h"
#include "store/sql_pool.h"
#include "store/store.h"

namespace winnow {

/// Checks an event's key and names; see Store. Errors: kInvalidArgument.
Result<void> CheckFeedback(const FeedbackEvent& event);

/// Writes events in one transaction; see Store::AddFeedbackBatch.
Result<std::vector<Result<FeedbackStatus>>> WriteFeedback(SqlPool& pool, std::span<const FeedbackEvent> events);

/// Thread-safe.
class FeedbackGroup {
 public:
  /// `pool` must outlive the group.
  explicit FeedbackGroup(SqlPool& pool);
  FeedbackGroup(const FeedbackGroup&) = delete;
  FeedbackGroup& operator=(const FeedbackGroup&) = delete;
  /// Waits for the events that are being written; after two seconds the pool is shut.
  ~FeedbackGroup();

  /// See Store::AddFeedback.
  Result<FeedbackStatus> Add(FeedbackEvent event, std::chrono::milliseconds patience);

 private:
  struct Ticket {
    FeedbackEvent event;
    bool done = false;  // guarded by the group's mutex
    Result<FeedbackStatus> result = FeedbackStatus::kStored;
  };
  void Write();

  SqlPool& pool_;
  Mutex mutex_;
  ConditionVariable arrived_, done_;
  std::deque<std::shared_ptr<Ticket>> queue_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow

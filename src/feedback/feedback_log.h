/// The one way by which feedback enters: checked, completed from the history of messages, made durable, and then known
/// to the campaign memory at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "feedback/campaign_memory.h"
#include "feedback/trust_state.h"
#include "store/feedback_recorder.h"
#include "store/store.h"

namespace winnow {

/// What a FeedbackLog writes to.
struct FeedbackSink {
  /// Makes an event durable.
  std::function<Result<FeedbackOutcome>(FeedbackEvent)> write;
  /// Returns the store; null while it has not been opened.
  std::function<std::shared_ptr<Store>()> store;
  /// Returns the store that Add asks what is known about the message; null while it is down. Empty: `store`.
  std::function<std::shared_ptr<Store>()> lookups = {};
};

/// Return the sink of a store, and that of a recorder, which must outlive the sink.
FeedbackSink SinkOf(std::shared_ptr<Store> store);
FeedbackSink SinkOf(FeedbackRecorder& recorder);

/// Thread-safe.
class FeedbackLog {
 public:
  /// `memory` (may be null) must outlive the log.
  FeedbackLog(FeedbackSink sink, CampaignMemory* memory);
  FeedbackLog(const FeedbackLog&) = delete;
  FeedbackLog& operator=(const FeedbackLog&) = delete;

  /// Stores an event and tells it to the memory. When it returns without an error, the event is durable and Find of the
  /// memory knows it. An event needs a label, is_spam, or the feedback type "forget"; and a text, or the id of a
  /// message whose text is in the history or in earlier feedback. An event without a key gets a random one, an event
  /// without a time the present one; events of one log without times of their own get ascending ones. Errors:
  /// kInvalidArgument for an event that is not valid; kNotFound for an id whose text is unknown; those of the sink.
  Result<FeedbackOutcome> Add(FeedbackEvent event);

  /// Reads the feedback of the store that other processes have added, and tells it to the memory; the first call reads
  /// all that has not expired. Stores when entries of the memory were matched, and drops those that have expired.
  /// Errors: those of the store.
  Result<void> CatchUp();

  /// Learns anew what the store has, in place of what the memory knows: what was forgotten is then unknown. Errors:
  /// those of the store.
  Result<void> Relearn();
  /// Has events that the tombstones cover answered as duplicates from now on, also while the store is down.
  void SetForgotten(std::shared_ptr<const Tombstones> tombstones);

  /// Computes from all feedback which users are trusted (see feedback/trust.h), and tells the memory. Feedback that is
  /// known is not read again for an hour. Does nothing if CatchUp has found no feedback since the last time and the
  /// blind labels are equal, or if the last computation took a second or more, and more than a twentieth of the time
  /// since. Errors: those of the store.
  Result<void> UpdateTrust();
  /// Has UpdateTrust return soon, for good.
  void Stop() { stopped_ = true; }

 private:
  Result<void> ReadForTrust(Store& store) REQUIRES(catching_up_);
  Result<void> Complete(FeedbackEvent& event, std::string& sender) const;
  bool IsForgotten(const FeedbackEvent& event);
  Result<int64_t> Read(Store& store, FeedbackFilter filter, CampaignMemory& memory) REQUIRES(catching_up_);
  StoreTime TimeFor(const FeedbackEvent& event);

  const FeedbackSink sink_;
  CampaignMemory* const memory_;
  Mutex mutex_;
  StoreTime last_time_ GUARDED_BY(mutex_);
  // The times of recent keys: an event that is sent again while the store is down must not become newer than it is.
  std::unordered_map<std::string, StoreTime> times_ GUARDED_BY(mutex_);
  std::deque<std::string> recent_ GUARDED_BY(mutex_);
  std::shared_ptr<const Tombstones> forgotten_ GUARDED_BY(mutex_);
  Mutex catching_up_;
  int64_t last_id_ GUARDED_BY(catching_up_) = 0;
  /// The events among the last kOverlap ones that the memory has learnt, which are read again but not learnt again.
  std::set<int64_t> learnt_ GUARDED_BY(catching_up_);
  /// What the trust was computed from the last time.
  struct TrustBasis {
    int64_t last_id = 0;
    std::map<std::string, std::string> labels = {};
    std::chrono::steady_clock::time_point at = {};
  };
  std::optional<TrustBasis> trust_basis_ GUARDED_BY(catching_up_);
  /// All feedback, as the trust is computed from it.
  struct TrustReading {
    TrustState state = TrustState();
    int64_t last_id = 0;
    std::set<int64_t> taken = {};  ///< the events among the last kOverlap ones
    /// Events about messages whose texts are not known yet, by their numbers in the state.
    std::vector<std::pair<size_t, FeedbackEvent>> textless = {};
    std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  };
  std::unique_ptr<TrustReading> trust_reading_ GUARDED_BY(catching_up_);
  std::chrono::steady_clock::time_point next_trust_ GUARDED_BY(catching_up_);
  std::atomic<bool> stopped_ = false;
};

/// Checks what FeedbackLog::Add requires of an event apart from its text. Errors: kInvalidArgument.
Result<void> CheckFeedbackEvent(const FeedbackEvent& event);

/// Returns all feedback of a store, by id. Events that name a message without its text get the text from the history of
/// messages, if it is there. `advance` is called with numbers of events. Errors: those of the store; kCancelled.
Result<std::vector<FeedbackEvent>> ReadAllFeedback(Store& store, const std::function<void(int64_t)>& advance = {});

}  // namespace winnow

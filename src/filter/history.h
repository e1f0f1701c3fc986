/// The history of messages that were checked: recent ones in memory, all of them in the store, written in the
/// background, and with them the verdicts that are drawn for blind labels.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "feedback/verdict_samples.h"
#include "filter/message.h"
#include "filter/verdict.h"
#include "store/store.h"
#include "text/redaction.h"

namespace winnow {

struct HistoryOptions {
  std::chrono::days retention{30};       ///< older messages are deleted from the store; 0: they stay
  Redaction redaction = {};              ///< of the texts in the store; those in memory stay as they are
  double audit_one_in = 0;               ///< about one in so many verdicts is drawn for a blind label; 0: none
  size_t most_recent = 10000;            ///< messages in memory, those that wait for the store included
  size_t most_bytes = size_t{64} << 20;  ///< of the texts in memory
};

/// Thread-safe.
class History {
 public:
  /// Returns the store; null while it is not open.
  using StoreSource = std::function<std::shared_ptr<Store>()>;

  History(StoreSource store, const HistoryOptions& options);
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  /// Tries once more to write what waits.
  ~History();

  /// Records a message. Returns at once; a message that the store does not take, because it is down and too many others
  /// wait, is lost to the history, which counts it.
  void Add(MessageRecord record);

  /// Returns a message that was recorded a short time ago.
  std::optional<MessageRecord> Recent(std::string_view id) const;

  /// Drops the messages that the tombstones cover.
  void Forget(const Tombstones& tombstones);

  /// Waits until nothing waits for the store. Returns false if nothing was written for so long.
  bool WaitUntilWritten(std::chrono::milliseconds longest) const;

  struct Counts {
    uint64_t written = 0, lost = 0;
    size_t waiting = 0;
    bool failing = false;  ///< true if the last attempt to write found the store down, or its disk full
  };
  Counts counts() const;

 private:
  using Shared = std::shared_ptr<const MessageRecord>;  // null: was forgotten

  void Work();
  Result<void> Write(const std::vector<Shared>& batch);
  /// Stores the verdicts about these messages that are drawn. Those that are stored already stay as they are.
  Result<void> StoreDrawn(Store& store, std::span<const MessageRecord> records) const;
  /// Deletes some of the messages that are too old. Returns true if there may be more.
  bool DeleteOld();
  void DropOldest() REQUIRES(mutex_);

  const StoreSource store_;
  const HistoryOptions options_;
  const VerdictSampler sampler_;
  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  std::deque<Shared> recent_ GUARDED_BY(mutex_);  // the oldest first
  std::unordered_map<std::string, Shared> by_id_ GUARDED_BY(mutex_);
  size_t bytes_ GUARDED_BY(mutex_) = 0;
  size_t waiting_ GUARDED_BY(mutex_) = 0;  // the newest of recent_, which are not in the store
  size_t being_written_ GUARDED_BY(mutex_) = 0;
  Counts counts_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

/// Returns the record of a message and its verdict.
MessageRecord RecordOf(const FilterMessage& message, const Verdict& verdict);

}  // namespace winnow

/// Feedback that is never lost: events go to the store, or to a spool on disk while the store is down, from which they
/// are delivered later, each exactly once.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "store/spool.h"
#include "store/store.h"

namespace winnow {

struct FeedbackRecorderOptions {
  StoreOptions store;
  std::filesystem::path spool;  ///< directory of the spool, which no other process uses
  SpoolLimits spool_limits;
  std::chrono::milliseconds patience = std::chrono::seconds(2);       ///< how long an event waits for the store
  std::chrono::milliseconds longest_pause = std::chrono::seconds(5);  ///< between attempts to reach the store
  /// Opens the store; replaced by tests.
  std::function<Result<std::unique_ptr<Store>>(const StoreOptions&)> open = &Store::Open;
  /// Receives a sentence when the store goes down or is back, and for each event that it refuses; may be empty. Called
  /// from several threads.
  std::function<void(const std::string&)> report = {};
};

enum class FeedbackOutcome { kStored, kDuplicate, kSpooled };

/// Thread-safe.
class FeedbackRecorder {
 public:
  /// Opens the store and the spool, and starts to deliver what an earlier process has left in the spool. A store that
  /// cannot be reached is no error. Errors: those of Spool::Open; those of Store::Open except kNetwork and kIo.
  static Result<std::unique_ptr<FeedbackRecorder>> Open(FeedbackRecorderOptions options);
  FeedbackRecorder(const FeedbackRecorder&) = delete;
  FeedbackRecorder& operator=(const FeedbackRecorder&) = delete;
  /// What is in the spool stays there.
  ~FeedbackRecorder();

  /// Returns when the event is durable, in the store or in the spool. An event without a key gets a random one.
  /// Errors: kInvalidArgument for an event that is not valid; kExists if the store knows the key from another event;
  /// kIo if neither the store nor the spool can take the event.
  Result<FeedbackOutcome> Add(FeedbackEvent event);

  /// Returns the store; null while it has not been opened.
  std::shared_ptr<Store> store() const;
  /// Tells that a read of the store has failed: events go to the spool until a write succeeds.
  void NoteOutage(const Error& error) { SetUp(false, error.message); }

  struct Counts {
    uint64_t stored = 0, spooled = 0, delivered = 0;
    uint64_t rejected = 0;  ///< events from the spool that the store does not take
    uint64_t refused = 0;   ///< events that neither the store nor the spool could take
    uint64_t spool_bytes = 0;
    bool up = false;  ///< true if the last attempt to write to the store succeeded
  };
  Counts counts() const;

  /// Removes from the spool what the tombstones cover, and returns the number of records. Errors: kIo.
  Result<int64_t> Forget(const Tombstones& tombstones) const;

  /// Waits until the spool is empty. Returns false if that takes longer.
  bool WaitUntilDelivered(std::chrono::milliseconds longest) const;

 private:
  FeedbackRecorder(FeedbackRecorderOptions options, std::unique_ptr<Spool> spool);
  void Deliver();
  Result<void> DeliverSegment(Store& store, const SpoolSegment& segment);
  Result<void> DeliverRecords(Store& store, std::span<const std::string> records);
  bool Pause(std::chrono::milliseconds duration);
  void SetUp(bool up, const std::string& why);
  void Report(const std::string& line) const;

  const FeedbackRecorderOptions options_;
  const std::unique_ptr<Spool> spool_;
  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  std::shared_ptr<Store> store_ GUARDED_BY(mutex_);
  Counts counts_ GUARDED_BY(mutex_);
  bool direct_ GUARDED_BY(mutex_) = false;  // whether events may go to the store without the spool
  bool delivering_ GUARDED_BY(mutex_) = false;
  bool ending_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace winnow

/// Entries of the audit log on their way into the store; they wait here while it is down.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "base/mutex.h"
#include "store/store.h"

namespace winnow {

/// Thread-safe.
class AuditQueue {
 public:
  /// Returns the store; null while it is not open.
  using StoreSource = std::function<std::shared_ptr<Store>()>;

  explicit AuditQueue(StoreSource store, size_t most_waiting = 10000)
      : store_(std::move(store)), most_waiting_(most_waiting) {}

  /// Takes an entry for the next WriteWaiting, without asking the store. An entry for which there is no room is in the
  /// server's log alone.
  void Add(AuditEntry entry);

  /// Stores what waits, in the order in which it was added, as far as the store takes it; each entry is stored once. If
  /// the store is down, the server's log has the entries, too, in case that the process is killed; an entry that the
  /// store refuses is in the log alone.
  void WriteWaiting();

  size_t waiting() const;

 private:
  struct Waiting {
    AuditEntry entry;
    bool reported = false;  // that it waits
  };
  Result<void> Append(const AuditEntry& entry) const;
  void ReportWaiting();

  const StoreSource store_;
  const size_t most_waiting_;
  mutable Mutex mutex_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
};

}  // namespace winnow

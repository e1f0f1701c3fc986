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

  /// Stores an entry. If the store is down, the entry waits in memory, and the server's log has it, in case that the
  /// process is killed; an entry that the store refuses, or for which there is no room, is in the log alone.
  void Add(AuditEntry entry);

  /// Keeps an entry for the next WriteWaiting, without asking the store.
  void Wait(AuditEntry entry);

  /// Stores what waits, the oldest first, as far as the store takes it; each entry is stored once.
  void WriteWaiting();

  size_t waiting() const;

 private:
  Result<void> Append(const AuditEntry& entry) const;

  const StoreSource store_;
  const size_t most_waiting_;
  mutable Mutex mutex_;
  std::deque<AuditEntry> waiting_ GUARDED_BY(mutex_);
};

}  // namespace winnow

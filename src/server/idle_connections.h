/// The connections that wait for their next request, of which the one that has waited longest is closed where a limit
/// of connections would refuse a new one.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <unordered_map>

#include "base/mutex.h"

namespace winnow {

/// Thread-safe. An entry enters and leaves in constant time.
class IdleConnections {
 public:
  /// A connection's place, which the connection owns. It must have left when it is destroyed.
  class Entry {
   public:
    /// `group`: AddressGroup of its client, or empty if the connections of the client have no limit of their own.
    /// `close` is called by CloseOldest, on its thread, with the lock held.
    Entry(std::string group, std::function<void()> close);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class IdleConnections;
    const std::string group_;
    const std::function<void()> close_;
    std::list<Entry*> in_all_, in_group_;  // have its nodes while it is not idle, so that nothing is allocated
    const std::list<Entry*>::iterator place_, place_in_group_;  // stay valid in whichever list the nodes are
    bool idle_ = false;
  };

  /// The connection begins to wait for a request. No effect if it waits already.
  void Add(Entry& entry);
  /// The connection waits no longer, or is closed. No effect if it does not wait, or CloseOldest has taken it.
  void Remove(Entry& entry);

  /// Closes the connection that has waited longest, of those of the group if it is not empty. Returns false if there is
  /// none.
  bool CloseOldest(const std::string& group = {});

 private:
  void TakeOut(Entry& entry) REQUIRES(mutex_);

  Mutex mutex_;
  std::list<Entry*> all_ GUARDED_BY(mutex_);  // the one that has waited longest first
  std::unordered_map<std::string, std::list<Entry*>> groups_ GUARDED_BY(mutex_);  // likewise; none is empty
};

}  // namespace winnow

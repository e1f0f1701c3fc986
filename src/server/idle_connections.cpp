#include "server/idle_connections.h"

#include <utility>

namespace winnow {

IdleConnections::Entry::Entry(std::string group, std::function<void()> close)
    : group_(std::move(group)),
      close_(std::move(close)),
      in_all_{this},
      in_group_{this},
      place_(in_all_.begin()),
      place_in_group_(in_group_.begin()) {}

void IdleConnections::Add(Entry& entry) {
  const MutexLock lock(mutex_);
  if (entry.idle_) return;
  entry.idle_ = true;
  all_.splice(all_.end(), entry.in_all_);
  if (entry.group_.empty()) return;
  std::list<Entry*>& group = groups_[entry.group_];
  group.splice(group.end(), entry.in_group_);
}

void IdleConnections::Remove(Entry& entry) {
  const MutexLock lock(mutex_);
  if (entry.idle_) TakeOut(entry);
}

bool IdleConnections::CloseOldest(const std::string& group) {
  const MutexLock lock(mutex_);
  const auto found = groups_.find(group);
  const std::list<Entry*>* const from = group.empty() ? &all_ : found == groups_.end() ? nullptr : &found->second;
  if (from == nullptr || from->empty()) return false;
  Entry& oldest = *from->front();
  TakeOut(oldest);
  oldest.close_();
  return true;
}

void IdleConnections::TakeOut(Entry& entry) {
  entry.idle_ = false;
  entry.in_all_.splice(entry.in_all_.end(), all_, entry.place_);
  if (entry.group_.empty()) return;
  const auto group = groups_.find(entry.group_);
  entry.in_group_.splice(entry.in_group_.end(), group->second, entry.place_in_group_);
  if (group->second.empty()) groups_.erase(group);
}

}  // namespace winnow

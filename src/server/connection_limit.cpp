#include "server/connection_limit.h"

#include "server/address.h"

namespace winnow {

std::string ConnectionLimit::GroupOf(std::string_view address) const {
  return max_ == 0 || unlimited_.Trusts(address) ? std::string() : AddressGroup(address);
}

bool ConnectionLimit::Enter(std::string_view address, bool beyond) {
  std::string group = GroupOf(address);
  if (group.empty()) return true;
  const MutexLock lock(mutex_);
  const auto [entry, made] = counts_.try_emplace(std::move(group), 0);
  if (entry->second >= max_ && !beyond) return false;
  ++entry->second;
  return true;
}

void ConnectionLimit::Leave(std::string_view address) {
  const std::string group = GroupOf(address);
  if (group.empty()) return;
  const MutexLock lock(mutex_);
  const auto entry = counts_.find(group);
  if (entry != counts_.end() && --entry->second == 0) counts_.erase(entry);
}

size_t ConnectionLimit::addresses() const {
  const MutexLock lock(mutex_);
  return counts_.size();
}

}  // namespace winnow

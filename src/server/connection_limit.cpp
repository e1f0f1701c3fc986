#include "server/connection_limit.h"

#include <arpa/inet.h>

namespace winnow {
namespace {

std::string KeyOf(std::string_view address) {
  std::string key(address);
  in6_addr ip = {};
  if (inet_pton(AF_INET6, key.c_str(), &ip) == 1) key.assign(reinterpret_cast<const char*>(ip.s6_addr), 8);
  return key;
}

}  // namespace

bool ConnectionLimit::Enter(std::string_view address) {
  const std::lock_guard lock(mutex_);
  size_t& open = open_[KeyOf(address)];
  if (open >= most_) return false;
  ++open;
  return true;
}

void ConnectionLimit::Leave(std::string_view address) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(KeyOf(address));
  if (found != open_.end() && --found->second == 0) open_.erase(found);
}

}  // namespace winnow

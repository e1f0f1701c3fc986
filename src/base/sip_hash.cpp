#include "base/sip_hash.h"

#include <sys/random.h>

#include <chrono>

namespace winnow {

SipKey SipKey::Random() {
  SipKey key;
  if (::getrandom(&key, sizeof key, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof key)) return key;
  // Only in the first moments of a machine, and in sandboxes that forbid the call: worse than random, better than
  // fixed.
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  key.first ^= static_cast<uint64_t>(now);
  key.second ^= reinterpret_cast<uintptr_t>(&key);
  return key;
}

}  // namespace winnow

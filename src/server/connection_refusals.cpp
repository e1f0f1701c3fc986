#include "server/connection_refusals.h"

#include <fmt/format.h>

namespace winnow {

std::optional<std::string> ConnectionRefusals::Refused(ConnectionLimitKind kind, std::string_view address, size_t most,
                                                       Clock::time_point now) {
  ++refused_[Index(kind)];
  const MutexLock lock(mutex_);
  if (reported_ && now - *reported_ < std::chrono::minutes(1)) return std::nullopt;
  reported_ = now;
  const uint64_t total = refused(ConnectionLimitKind::kTotal) + refused(ConnectionLimitKind::kAddress);
  if (kind == ConnectionLimitKind::kTotal) {
    return fmt::format(
        "a connection was refused, since {} are open and all of them have requests in progress (--max-connections); {} "
        "were refused so far",
        most, total);
  }
  return fmt::format(
      "a connection from {} was refused, since {} of this address are open and all of them have requests in progress "
      "(--max-connections-per-address; --trusted-proxy names proxies, which it does not apply to); {} were refused so far",
      address, most, total);
}

}  // namespace winnow

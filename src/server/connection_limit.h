/// How many connections an address may have at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "server/trusted_proxies.h"

namespace winnow {

/// Counts by AddressGroup (server/address.h): an IPv6 network of 64 bits is one address. Holds nothing of an address
/// that has no connection, so never more than there are connections. Thread-safe.
class ConnectionLimit {
 public:
  /// 0: no limit, and nothing is counted, as of `unlimited`.
  explicit ConnectionLimit(size_t max_per_address, TrustedProxies unlimited = {})
      : max_(max_per_address), unlimited_(std::move(unlimited)) {}

  /// A connection is made: false when the address has as many as it may; it then isn't counted.
  bool Enter(std::string_view address);
  /// One that entered is gone.
  void Leave(std::string_view address);

  /// Of addresses that have connections.
  size_t addresses() const;

 private:
  const size_t max_;
  const TrustedProxies unlimited_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, size_t> counts_ GUARDED_BY(mutex_);
};

}  // namespace winnow

/// Limit of the number of simultaneous connections of an address.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "server/trusted_proxies.h"

namespace winnow {

/// Counts connections by AddressGroup (server/address.h): an IPv6 network of 64 bits is one address. Stores only
/// addresses that have connections, so never more entries than there are connections. Thread-safe.
class ConnectionLimit {
 public:
  /// Creates a limit; 0: no limit and no counting. Connections from the proxies `unlimited` are not counted either.
  explicit ConnectionLimit(size_t max_per_address, TrustedProxies unlimited = {})
      : max_(max_per_address), unlimited_(std::move(unlimited)) {}

  /// Counts a new connection. Returns false, without counting it, if the address has reached the limit; `beyond` has it
  /// counted all the same.
  bool Enter(std::string_view address, bool beyond = false);
  /// Ends a connection that Enter counted.
  void Leave(std::string_view address);

  /// Returns the name under which connections of the address are counted; empty if it has no limit.
  std::string GroupOf(std::string_view address) const;

  /// Returns the number of addresses that have connections.
  size_t addresses() const;

 private:
  const size_t max_;
  const TrustedProxies unlimited_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, size_t> counts_ GUARDED_BY(mutex_);
};

}  // namespace winnow

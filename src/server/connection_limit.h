/// How many connections an address may have.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace winnow {

/// Thread-safe; remembers only those who have connections. IPv6 addresses count by /64, which is what one customer has.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(size_t most) : most_(most) {}

  /// False: the address has as many as it may.
  bool Enter(std::string_view address);
  void Leave(std::string_view address);

 private:
  const size_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, size_t> open_;
};

}  // namespace winnow

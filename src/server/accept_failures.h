/// What the log says about connections that could not be accepted. A server without free file descriptors fails many
/// times per second, for as long as its clients keep their connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Failures to accept connections, which are reported when they begin, once per minute while they go on, and when they
/// are over. Not thread-safe.
class AcceptFailures {
 public:
  using Clock = std::chrono::steady_clock;

  /// Counts a failure. Returns a message if it is time for one.
  std::optional<std::string> Failed(std::string_view why, Clock::time_point now = Clock::now());

  /// To be called for each accepted connection. Returns a message if connections have been accepted without a failure
  /// for some seconds: at the limit, each connection that is closed makes room for one.
  std::optional<std::string> Accepted(Clock::time_point now = Clock::now());

 private:
  size_t failures_ = 0;  // since they began; 0: none
  Clock::time_point reported_ = {}, last_ = {};
};

}  // namespace winnow

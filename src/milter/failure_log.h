/// What the log says about failures that every message may cause again, such as a server that is down.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Lets one message per kind of failure and minute through. Not thread-safe.
class FailureLog {
 public:
  using Clock = std::chrono::steady_clock;

  /// Counts a failure. Returns the line to log, if it is time for one; it says how many failures of the kind there were
  /// since the last line.
  std::optional<std::string> Failed(int kind, std::string_view message, Clock::time_point now = Clock::now());

 private:
  struct Kind {
    Clock::time_point reported = {};
    size_t unreported = 0;
  };
  std::map<int, Kind> kinds_;
};

}  // namespace winnow

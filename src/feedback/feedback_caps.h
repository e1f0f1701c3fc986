/// Caps: how much feedback of one user, or about one sender, counts for others on one day.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>

#include "store/time_text.h"

namespace winnow {

/// Not thread-safe.
class FeedbackCaps {
 public:
  struct Limits {
    int per_user = 50;     ///< messages per user and day (UTC)
    int per_sender = 200;  ///< reports about one sender per day, of all users together
  };

  explicit FeedbackCaps(Limits limits) : limits_(limits) {}

  /// Counts a report at a time, and returns true if it is within the caps. `user` and `sender` are hashes; 0 stands for
  /// an unknown one, to which no cap applies. Days that are more than 40 days before the newest one count nothing.
  bool Count(uint64_t user, uint64_t sender, StoreTime at);

 private:
  struct Day {
    std::unordered_map<uint64_t, int> of_user, of_sender;
  };

  Limits limits_;
  std::map<std::chrono::sys_days, Day> days_;
};

}  // namespace winnow

/// The time that calls of a store may take together, such as all those that serve one request.
#pragma once

#include <chrono>

namespace winnow {

/// While it lives, calls of stores in its thread fail from `until` on, with kNetwork: those that wait and those that
/// have not begun. Of several deadlines the earliest holds. A connection that is being opened may take two seconds
/// longer, libpq's least time. Work that other threads do for a call, such as the group commit of feedback, has no part
/// in it.
class StoreDeadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit StoreDeadline(Clock::time_point until);
  StoreDeadline(const StoreDeadline&) = delete;
  StoreDeadline& operator=(const StoreDeadline&) = delete;
  ~StoreDeadline();

  /// Returns the deadline of this thread; Clock::time_point::max() if there is none.
  static Clock::time_point OfThisThread();

 private:
  const Clock::time_point former_;
};

}  // namespace winnow

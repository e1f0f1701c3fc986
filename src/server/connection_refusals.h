/// What the log and the metrics say about connections for which a limit leaves no room.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace winnow {

enum class ConnectionLimitKind { kTotal, kAddress };

/// Counts connections that were refused, and idle ones that were closed to make room. Refusals are reported when they
/// begin, and once per minute while they go on. Thread-safe.
class ConnectionRefusals {
 public:
  using Clock = std::chrono::steady_clock;

  /// An idle connection was closed in favour of a new one.
  void MadeRoom(ConnectionLimitKind kind) { ++made_room_[Index(kind)]; }
  /// Counts a connection of `address` that was refused because `most` are open. Returns a message if it is time for
  /// one.
  std::optional<std::string> Refused(ConnectionLimitKind kind, std::string_view address, size_t most,
                                     Clock::time_point now = Clock::now());

  uint64_t made_room(ConnectionLimitKind kind) const { return made_room_[Index(kind)]; }
  uint64_t refused(ConnectionLimitKind kind) const { return refused_[Index(kind)]; }

 private:
  static size_t Index(ConnectionLimitKind kind) { return static_cast<size_t>(kind); }

  std::array<std::atomic<uint64_t>, 2> made_room_ = {}, refused_ = {};
  Mutex mutex_;
  std::optional<Clock::time_point> reported_ GUARDED_BY(mutex_);
};

}  // namespace winnow

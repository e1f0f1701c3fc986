/// How often somebody may come: token buckets, one a name.
///
/// A bucket holds `burst` tokens and gains `per_minute` of them a minute; who comes takes one. Of a bucket nothing is
/// kept but the moment at which it will be full again, which says as much (the generic cell rate algorithm, ITU-T I.371
/// annex A: its "theoretical arrival time"). So a bucket whose moment is over is like one that never was, and its place
/// is free.
///
/// Places are a fixed table, as a processor's cache has it: a name belongs to one row of 8, found by a hash. Where all
/// 8 of a row are taken by names that came lately, the one that would be full soonest is forgotten, and whoever it
/// belonged to starts with a full bucket. So memory stays the same however many addresses come, and too many make the
/// limit milder, never refuse somebody who did nothing.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace winnow {

struct RateLimit {
  double per_minute = 0;  ///< 0 or less: no limit
  double burst = 0;       ///< at once; less than 1: a minute's worth, at least 1
};

/// Thread-safe.
class RateLimiter {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// 16 bytes a name, all of them from the start; `names` is rounded up to a power of two.
  explicit RateLimiter(Clock clock = std::chrono::steady_clock::now, size_t names = size_t{1} << 16);

  /// Takes `cost` tokens of the name's bucket. Nothing: they were there. Else after how long they will be: at least a
  /// second, for Retry-After; none is taken then. A cost above the burst is granted by a full bucket, which then owes
  /// the rest. `limit` may be another one each time; it holds from then on.
  std::optional<std::chrono::seconds> Take(std::string_view name, const RateLimit& limit, double cost = 1);
  /// What Take would say; takes nothing.
  std::optional<std::chrono::seconds> Wait(std::string_view name, const RateLimit& limit, double cost = 1);

 private:
  struct Bucket {
    uint64_t hash = 0;    // of its name
    double full_at = -1;  // seconds since start_
  };
  static constexpr size_t kRow = 8, kLocks = 64;

  std::optional<std::chrono::seconds> Ask(std::string_view name, const RateLimit& limit, double cost, bool take);

  const Clock clock_;
  const std::chrono::steady_clock::time_point start_;
  const uint64_t seed_;  // so that nobody outside can tell which names share a row
  std::vector<Bucket> buckets_;
  std::array<Mutex, kLocks> locks_;  // those of row i are guarded by locks_[i % kLocks], which no annotation can say
};

}  // namespace winnow

/// Rate limits: token buckets, one per name.
///
/// A bucket contains up to `burst` tokens and gains `per_minute` tokens per minute; a request takes one token. The only
/// stored state of a bucket is the moment at which it will be full again, which determines the number of tokens (the
/// generic cell rate algorithm, ITU-T I.371 annex A: its "theoretical arrival time"). A bucket whose moment has passed
/// is like one that was never used, and its place is free.
///
/// Places are a fixed table, organized like a processor's cache: a name belongs to one row of 8 places, chosen by a
/// hash. If all 8 places of a row are taken by names with recent requests, the bucket that would be full soonest is
/// forgotten, and its name starts with a full bucket. So memory stays constant however many addresses send requests,
/// and too many addresses make the limit milder but never cause the refusal of a client below its limit.
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
  double per_minute = 0;  ///< tokens per minute; 0 or less: no limit
  double burst = 0;       ///< maximum number of tokens; less than 1: those of a minute, at least 1
};

/// The buckets of all names. Thread-safe.
class RateLimiter {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// Creates the table of buckets, which takes 16 bytes per name; `names` is rounded up to a power of two.
  explicit RateLimiter(Clock clock = std::chrono::steady_clock::now, size_t names = size_t{1} << 16);

  /// Takes `cost` tokens from the bucket of `name`. Returns nothing if there were enough tokens. Otherwise takes none
  /// and returns the time until there are enough, at least a second, for Retry-After. A cost above the burst is granted
  /// by a full bucket, which then owes the rest. `limit` may change from call to call; each one applies from its call
  /// on.
  std::optional<std::chrono::seconds> Take(std::string_view name, const RateLimit& limit, double cost = 1);
  /// Returns the result that Take would have, without taking tokens.
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

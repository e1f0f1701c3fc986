#include "server/rate_limit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

namespace winnow {
namespace {

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

/// Mixes all bits into all (the finalizer of SplitMix64; Steele, Lea, Flood 2014).
uint64_t Mixed(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

}  // namespace

RateLimiter::RateLimiter(Clock clock, size_t names)
    : clock_(std::move(clock)), start_(clock_()), seed_(RandomSeed()), buckets_(std::bit_ceil(std::max(names, kRow))) {}

std::optional<std::chrono::seconds> RateLimiter::Take(std::string_view name, const RateLimit& limit, double cost) {
  return Ask(name, limit, cost, true);
}

std::optional<std::chrono::seconds> RateLimiter::Wait(std::string_view name, const RateLimit& limit, double cost) {
  return Ask(name, limit, cost, false);
}

std::optional<std::chrono::seconds> RateLimiter::Ask(std::string_view name, const RateLimit& limit, double cost,
                                                     bool take) {
  if (!(limit.per_minute > 0) || !(cost > 0)) return std::nullopt;
  const double burst = limit.burst >= 1 ? limit.burst : std::max(1.0, limit.per_minute);
  const double seconds_a_token = 60 / limit.per_minute;
  const uint64_t hash = Mixed(std::hash<std::string_view>{}(name) ^ seed_);
  const size_t row = hash & (buckets_.size() / kRow - 1);

  const double now = std::chrono::duration<double>(clock_() - start_).count();
  const MutexLock lock(locks_[row % kLocks]);
  Bucket* const begin = buckets_.data() + row * kRow;
  Bucket* bucket = std::find_if(begin, begin + kRow, [&](const Bucket& each) { return each.hash == hash; });
  const bool known = bucket != begin + kRow;
  const double full_at = known ? std::max(now, bucket->full_at) : now;
  const double wait = full_at - now + (std::min(cost, burst) - burst) * seconds_a_token;
  // Rounding must not refuse what comes just when Retry-After said.
  constexpr double kTolerance = 1e-6;
  if (wait > kTolerance) {
    constexpr double kLongest = 1e9;
    return std::chrono::seconds(static_cast<int64_t>(std::max(1.0, std::ceil(std::min(wait - kTolerance, kLongest)))));
  }
  if (!take) return std::nullopt;
  // A free place has the earliest moments of all.
  if (!known)
    bucket =
        std::min_element(begin, begin + kRow, [](const Bucket& a, const Bucket& b) { return a.full_at < b.full_at; });
  *bucket = {hash, full_at + cost * seconds_a_token};
  return std::nullopt;
}

}  // namespace winnow

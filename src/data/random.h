/// Random numbers for splits that are equal on every platform, unlike those of <random>'s distributions and
/// std::shuffle.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace winnow {

/// The generator SplitMix64 (Steele, Lea, Flood 2014): a good stream from any seed, 0 included. A value; not
/// thread-safe. Splits, folds and samples are drawn from it. Its numbers differ from those of Random (PCG) in
/// base/random.h, and the two generators must not be exchanged: users rely on a seed always choosing the same texts.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// Returns a uniform number in [0, bound), bound > 0; numbers past the last whole multiple of `bound` are drawn
  /// again.
  uint64_t Below(uint64_t bound) {
    const uint64_t biased = (0 - bound) % bound;  // 2^64 mod bound
    uint64_t number = Next();
    while (number < biased) number = Next();
    return number % bound;
  }

  /// Puts the items in random order, in place (Fisher, Yates).
  template <typename T>
  void Shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

 private:
  uint64_t state_;
};

}  // namespace winnow

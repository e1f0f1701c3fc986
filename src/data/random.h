/// Random numbers that are the same on every platform, unlike those of <random>'s distributions and std::shuffle.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace winnow {

/// SplitMix64 (Steele, Lea, Flood 2014): a good stream from any seed, 0 included. A value; not thread-safe. Splits, folds
/// and samples are drawn from it. It gives other numbers than base/random.h's Random (PCG), and neither may take the
/// other's place: which texts a seed chooses is a promise.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound), bound > 0: numbers past the last whole multiple of `bound` are drawn again.
  uint64_t Below(uint64_t bound) {
    const uint64_t biased = (0 - bound) % bound;  // 2^64 mod bound
    uint64_t number = Next();
    while (number < biased) number = Next();
    return number % bound;
  }

  /// Fisher-Yates.
  template <typename T>
  void Shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

 private:
  uint64_t state_;
};

}  // namespace winnow

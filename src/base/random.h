/// Pseudo-random numbers that are equal on every platform, unlike those of the standard library's distributions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace winnow {

/// The generator PCG-XSH-RR 64/32 (O'Neill 2014). Cheap to create and to copy: its whole state is one number.
class Random {
 public:
  /// Creates a generator. `purpose` separates the streams of one seed: "shuffle", "split", the name of a weight.
  explicit Random(uint64_t seed, std::string_view purpose = {}) {
    uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
    for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    state_ = seed * 0x9E3779B97F4A7C15ull + hash;
    Bits();
    Bits();
  }

  uint32_t Bits() {
    const uint64_t old = state_;
    state_ = old * 6364136223846793005ull + 1442695040888963407ull;
    const auto shifted = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
    return std::rotr(shifted, static_cast<int>(old >> 59));
  }
  /// Returns a uniform number in [0, bound), without bias (Lemire 2019). Requires bound > 0.
  uint32_t Below(uint32_t bound) {
    uint64_t product = uint64_t{Bits()} * bound;
    const uint32_t rejected = (0u - bound) % bound;
    while (static_cast<uint32_t>(product) < rejected) product = uint64_t{Bits()} * bound;
    return static_cast<uint32_t>(product >> 32);
  }
  /// Returns a uniform number in [0, 1).
  double Uniform() { return static_cast<double>(Bits()) * 0x1p-32; }
  /// Returns a number of the standard normal distribution (Box, Muller 1958; one number of each pair is used).
  double Normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(6.283185307179586 * Uniform());
  }
  /// Puts the items in random order, in place (Fisher, Yates).
  template <class Sequence>
  void Shuffle(Sequence& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(static_cast<uint32_t>(i))]);
  }

 private:
  uint64_t state_;
};

}  // namespace winnow

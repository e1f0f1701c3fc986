/// Knuth's linear congruential generator (MMIX), which the Python snippets beside expected numbers repeat.
#pragma once

#include <cstdint>

namespace winnow {

class Lcg {
 public:
  explicit Lcg(uint64_t seed) : state_(seed) {}
  /// Uniform in [0, 1), of 31 bits.
  double Next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 33) / 2147483648.0;
  }

 private:
  uint64_t state_;
};

}  // namespace winnow

/// Numbers for kernel tests: reproducible, of both signs, and buffers that notice writes past their ends.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "base/random.h"

namespace winnow {

inline std::vector<float> RandomFloats(size_t count, uint64_t seed, double scale = 1.0) {
  Random random(seed, "numbers");
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.Normal() * scale);
  return values;
}

/// `count` floats between guards, at an address that no vector is aligned to.
class GuardedFloats {
 public:
  explicit GuardedFloats(size_t count, float value = 0.0f) : memory_(count + 2 * kGuard, kMark), count_(count) {
    for (size_t i = 0; i < count; ++i) data()[i] = value;
  }
  explicit GuardedFloats(const std::vector<float>& values) : GuardedFloats(values.size()) {
    for (size_t i = 0; i < count_; ++i) data()[i] = values[i];
  }
  float* data() { return memory_.data() + kGuard; }
  float operator[](size_t i) const { return memory_[kGuard + i]; }
  bool intact() const {
    for (size_t i = 0; i < kGuard; ++i) {
      if (memory_[i] != kMark || memory_[kGuard + count_ + i] != kMark) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kGuard = 33;
  static constexpr float kMark = 12345.675f;
  std::vector<float> memory_;
  size_t count_;
};

/// Sizes around those of vectors: 1 to two of the longest and three more, and sizes of real models.
inline std::vector<size_t> SweepSizes() {
  std::vector<size_t> sizes;
  for (size_t n = 1; n <= 2 * 16 + 3; ++n) sizes.push_back(n);
  for (const size_t n : {63, 64, 65, 312, 384}) sizes.push_back(n);
  return sizes;
}

}  // namespace winnow

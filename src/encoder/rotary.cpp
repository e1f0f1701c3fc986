#include "encoder/rotary.h"

#include <algorithm>
#include <cmath>

namespace winnow {

void RotaryPositions::Prepare(const ModelConfig& config, size_t longest) {
  if (longest <= longest_) return;
  longest_ = std::min((longest + 63) / 64 * 64, std::max(longest, static_cast<size_t>(MaxTokens(config))));
  heads_ = static_cast<size_t>(config.num_heads);
  const auto head_size = static_cast<size_t>(config.hidden_size) / heads_;
  half_ = head_size / 2;
  for (const bool local : {false, true}) {
    Angles& angles = angles_[local ? 1 : 0];
    angles.cosines.resize(longest_ * half_);
    angles.sines.resize(longest_ * half_);
    const float theta = local ? config.local_rope_theta : config.global_rope_theta;
    for (size_t i = 0; i < half_; ++i) {
      // In float, as transformers computes it: at far positions the rounding of the frequency counts.
      const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_size);
      const float frequency = 1.0f / std::pow(theta, exponent);
      for (size_t p = 0; p < longest_; ++p) {
        const float angle = static_cast<float>(p) * frequency;
        angles.cosines[p * half_ + i] = std::cos(angle);
        angles.sines[p * half_ + i] = std::sin(angle);
      }
    }
  }
}

void RotaryPositions::Turn(bool local, size_t position, bool back, float* row) const {
  const Angles& angles = angles_[local ? 1 : 0];
  const float* cosines = angles.cosines.data() + position * half_;
  const float* sines = angles.sines.data() + position * half_;
  const float sign = back ? -1.0f : 1.0f;
  for (size_t head = 0; head < heads_; ++head) {
    float* first = row + head * 2 * half_;
    float* second = first + half_;
    for (size_t i = 0; i < half_; ++i) {
      const float x = first[i], y = second[i], sine = sign * sines[i];
      first[i] = x * cosines[i] - y * sine;
      second[i] = y * cosines[i] + x * sine;
    }
  }
}

}  // namespace winnow

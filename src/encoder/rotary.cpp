#include "encoder/rotary.h"

#include <algorithm>
#include <cmath>

#include "base/round_up.h"

namespace winnow {

void RotaryPositions::Prepare(const ModelConfig& config, size_t longest) {
  longest = std::min(longest, kTable);
  if (longest <= prepared_) return;
  prepared_ = std::min(RoundUp(longest, 64), kTable);  // for somewhat longer texts too
  heads_ = static_cast<size_t>(config.num_heads);
  const auto head_size = static_cast<size_t>(config.hidden_size) / heads_;
  half_ = head_size / 2;
  for (const bool local : {false, true}) {
    Angles& angles = angles_[local ? 1 : 0];
    angles.frequencies.resize(half_);
    angles.cosines.resize(prepared_ * half_);
    angles.sines.resize(prepared_ * half_);
    const float theta = local ? config.local_rope_theta : config.global_rope_theta;
    for (size_t i = 0; i < half_; ++i) {
      // In float, as transformers computes it: at large positions the rounding of the frequency matters.
      const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_size);
      angles.frequencies[i] = 1.0f / std::pow(theta, exponent);
      for (size_t p = 0; p < prepared_; ++p) {
        const float angle = static_cast<float>(p) * angles.frequencies[i];
        angles.cosines[p * half_ + i] = std::cos(angle);
        angles.sines[p * half_ + i] = std::sin(angle);
      }
    }
  }
}

void RotaryPositions::Turn(bool local, size_t position, bool back, float* row) const {
  const Angles& angles = angles_[local ? 1 : 0];
  const bool in_table = position < prepared_;
  const float* cosines = angles.cosines.data() + (in_table ? position * half_ : 0);
  const float* sines = angles.sines.data() + (in_table ? position * half_ : 0);
  const float sign = back ? -1.0f : 1.0f;
  for (size_t head = 0; head < heads_; ++head) {
    float* first = row + head * 2 * half_;
    float* second = first + half_;
    for (size_t i = 0; i < half_; ++i) {
      float cosine = cosines[i], sine = sines[i];
      if (!in_table) {
        const float angle = static_cast<float>(position) * angles.frequencies[i];
        cosine = std::cos(angle);
        sine = std::sin(angle);
      }
      const float x = first[i], y = second[i];
      first[i] = x * cosine - y * sign * sine;
      second[i] = y * cosine + x * sign * sine;
    }
  }
}

}  // namespace winnow

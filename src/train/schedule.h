/// Learning rate by step: warm-up, then decay, as transformers' get_*_schedule_with_warmup.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace winnow {

enum class Schedule { kLinear, kCosine, kConstant };

/// The factor on the learning rate at `step` (from 0) of `total` steps, of which the first `warmup` rise linearly from
/// 0.
inline double ScheduleFactor(Schedule schedule, int step, int warmup, int total) {
  if (step < warmup) return static_cast<double>(step) / std::max(1, warmup);
  const double progress = static_cast<double>(step - warmup) / std::max(1, total - warmup);
  switch (schedule) {
    case Schedule::kLinear:
      return std::max(0.0, 1.0 - progress);
    case Schedule::kCosine:
      return std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress)));
    case Schedule::kConstant:
      return 1.0;
  }
  return 1.0;
}

}  // namespace winnow

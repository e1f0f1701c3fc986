/// Learning rate by step: warm-up, then decay, as transformers' get_*_schedule_with_warmup.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace winnow {

enum class Schedule { kLinear, kCosine, kCosineRestarts, kConstant };

struct ScheduleOptions {
  Schedule kind = Schedule::kLinear;
  int warmup = 0;  ///< number of steps in which the factor rises linearly from 0
  int total = 0;   ///< total number of steps, the warm-up included
  int cycles = 1;  ///< number of cycles of kCosineRestarts, each from 1 to 0
};

/// Returns the factor of the learning rate at `step`, counted from 0.
inline double ScheduleFactor(const ScheduleOptions& schedule, int step) {
  if (step < schedule.warmup) return static_cast<double>(step) / std::max(1, schedule.warmup);
  const double progress = static_cast<double>(step - schedule.warmup) / std::max(1, schedule.total - schedule.warmup);
  const auto falling_cosine = [](double x) { return std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * x))); };
  switch (schedule.kind) {
    case Schedule::kLinear:
      return std::max(0.0, 1.0 - progress);
    case Schedule::kCosine:
      return falling_cosine(progress);
    case Schedule::kCosineRestarts:
      return progress >= 1 ? 0.0 : falling_cosine(std::fmod(schedule.cycles * progress, 1.0));
    case Schedule::kConstant:
      return 1.0;
  }
  return 1.0;
}

}  // namespace winnow

/// The plain form of kernels/dual_step.h: damped Newton steps in double precision, until they converge.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/dual_step.h"

namespace winnow::reference {

/// Performs the step of winnow::SoftmaxDualStep, without scratch memory.
inline DualProgress SoftmaxDualStep(size_t count, size_t width, size_t truth, const DualRow& row, const float* scores,
                                    const float* duals, float* next, float* change) {
  const double c = static_cast<double>(row.cost), parts = static_cast<double>(row.parts);
  const double a = 1.0 / (c * parts * static_cast<double>(row.square));
  std::vector<double> moved(count), p(count), down(count), slope(count);
  DualProgress progress{};
  for (int step = 0; step < 200; ++step) {
    double most = -1e300, sum = 0, along = 0, squares = 0, length = 0, decrement = 0;
    for (size_t k = 0; k < count; ++k) most = std::max(most, static_cast<double>(scores[k]) + moved[k]);
    for (size_t k = 0; k < count; ++k) sum += p[k] = std::exp(static_cast<double>(scores[k]) + moved[k] - most);
    for (size_t k = 0; k < count; ++k) {
      p[k] /= sum;
      slope[k] = p[k] - static_cast<double>(duals[k]) + a * moved[k];
      down[k] = -slope[k] / (p[k] + a);
      along += p[k] * down[k], squares += p[k] * p[k] / (p[k] + a);
    }
    for (size_t k = 0; k < count; ++k) {
      down[k] += along / (1 - squares) * p[k] / (p[k] + a);
      length = std::max(length, std::abs(down[k])), decrement -= down[k] * slope[k];
    }
    if (step == 0) {
      progress = {.won = c * decrement / 2, .loss = c * (most + std::log(sum) - static_cast<double>(scores[truth]))};
    }
    for (size_t k = 0; k < count; ++k) moved[k] += down[k] * (length > 0.5 ? std::log1p(2 * length) / (2 * length) : 1);
    if (length < 1e-9) break;
  }
  for (size_t k = 0; k < width; ++k) {
    const double before = static_cast<double>(duals[k]);
    const double after = k < count ? std::max(0.0, before - a * moved[k]) : 0.0;
    next[k] = static_cast<float>(after);
    change[k] = static_cast<float>(parts * c * (before - after));
  }
  return progress;
}

/// Performs the step of winnow::LogisticDualStep.
inline bool LogisticDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                             float* change, float* won, float* loss) {
  const double c = static_cast<double>(row.cost), parts = static_cast<double>(row.parts);
  const double a = 1.0 / (c * parts * static_cast<double>(row.square));
  bool any = false;
  for (size_t k = 0; k < width; ++k) {
    const double sign = static_cast<double>(signs[k]), before = static_cast<double>(duals[k]);
    const double margin = sign * static_cast<double>(scores[k]);
    loss[k] +=
        static_cast<float>(c * std::abs(sign) * (std::max(0.0, -margin) + std::log1p(std::exp(-std::abs(margin)))));
    double moved = 0;
    for (int step = 0; step < 200; ++step) {
      const double p = 1 / (1 + std::exp(margin + moved)), slope = a * moved + before - p;
      const double down = -slope / (a + p * (1 - p)), length = std::abs(down);
      if (step == 0) won[k] += static_cast<float>(-c * std::abs(sign) * down * slope / 2);
      moved += length > 0.5 ? down * std::log1p(2 * length) / (2 * length) : down;
      if (length < 1e-9) break;
    }
    const double after = std::clamp(before + a * moved, 0.0, 1.0);
    duals[k] = static_cast<float>(after);
    change[k] = static_cast<float>(parts * c * sign * (after - before));
    any |= change[k] != 0.0f;
  }
  return any;
}

/// Performs the step of winnow::HingeDualStep, which has a closed form.
inline bool HingeDualStep(size_t width, const DualRow& row, const float* signs, const float* scores, float* duals,
                          float* change, float* won, float* loss) {
  const double c = static_cast<double>(row.cost), parts = static_cast<double>(row.parts);
  const double curve = c * parts * static_cast<double>(row.square) + 0.5;
  bool any = false;
  for (size_t k = 0; k < width; ++k) {
    const double sign = static_cast<double>(signs[k]), before = static_cast<double>(duals[k]);
    const double shortage = 1 - sign * static_cast<double>(scores[k]), missed = std::max(0.0, shortage);
    loss[k] += static_cast<float>(c * std::abs(sign) * missed * missed);
    const double slope = shortage - before / 2, after = std::max(0.0, before + slope / curve), step = after - before;
    won[k] += static_cast<float>(c * std::abs(sign) * step * (slope - curve * step / 2));
    duals[k] = static_cast<float>(after);
    change[k] = static_cast<float>(parts * c * sign * step);
    any |= change[k] != 0.0f;
  }
  return any;
}

}  // namespace winnow::reference

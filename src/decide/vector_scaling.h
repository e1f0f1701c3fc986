/// A scale and a bias for each label that make held-out logits most likely (Guo et al. 2017, "vector scaling").
#pragma once

#include <cstdint>
#include <span>

#include "decide/calibration.h"

namespace winnow {

inline constexpr double kMinScale = 0.05;

/// Minimizes  -log likelihood summed over texts + 1/2 sum_k ((scale_k - 1 / temperature)^2 + bias_k^2)  with scales of
/// at least kMinScale. The penalty, which is that of a standard normal prior around temperature scaling, makes the sum
/// strictly convex: there is one minimum, even if labels can be separated perfectly, and L-BFGS (Liu & Nocedal 1989)
/// finds it from any start. `logits` [n, labels] are finite; `targets` [n, labels] are 0 or 1, with one 1 per row for
/// single-label models.
Calibration FitVectorScaling(std::span<const float> logits, std::span<const uint8_t> targets, size_t labels,
                             bool multi_label, double temperature);

}  // namespace winnow

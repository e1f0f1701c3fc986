/// Quantiles of samples.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace winnow {

/// Returns the quantile `q` (0 to 1) of ascending values, at least one, interpolated between neighbours, as
/// numpy.quantile does by default.
inline double Quantile(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace winnow

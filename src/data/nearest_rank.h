/// Percentiles of sorted values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace winnow {

/// Returns the smallest value that at least `percent` (1 to 100) of the ascending values do not exceed; 0 without any.
template <typename T>
T NearestRank(const std::vector<T>& sorted, size_t percent) {
  if (sorted.empty()) return 0;
  const size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<size_t>(rank, 1) - 1];
}

}  // namespace winnow

#include "drift/effect_size.h"

#include <algorithm>
#include <cmath>

namespace winnow {

double DistributionDistance(std::vector<double> first, std::vector<double> second) {
  std::ranges::sort(first);
  std::ranges::sort(second);
  double most = 0;
  for (size_t i = 0, j = 0; i < first.size() && j < second.size();) {
    const double at = std::min(first[i], second[j]);
    while (i < first.size() && first[i] <= at) ++i;
    while (j < second.size() && second[j] <= at) ++j;
    const double below_first = static_cast<double>(i) / static_cast<double>(first.size());
    const double below_second = static_cast<double>(j) / static_cast<double>(second.size());
    most = std::max(most, std::abs(below_first - below_second));
  }
  return most;
}

double ChanceOfDistributionDistance(size_t first, size_t second) {
  // P(distance > x) is about 2 exp(-2 x^2 n m / (n + m)).
  constexpr double kLevel = .01;
  const auto n = static_cast<double>(first), m = static_cast<double>(second);
  return std::min(1.0, std::sqrt(-std::log(kLevel / 2) / 2 * (n + m) / (n * m)));
}

double TotalVariation(std::span<const double> first, std::span<const double> second) {
  double sum = 0;
  for (size_t i = 0; i < first.size(); ++i) sum += std::abs(first[i] - second[i]);
  return sum / 2;
}

}  // namespace winnow

#include "evaluate/data_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/parse_number.h"

namespace winnow {
namespace {

Result<size_t> SizeOf(const std::string& wanted, size_t available) {
  const std::optional<double> number = ParseNumber<double>(wanted);
  const double value = number.value_or(0);
  const double texts = value <= 1 ? std::round(value * static_cast<double>(available)) : value;
  const bool whole = texts == std::floor(texts);
  if (number && whole && texts >= 2 && texts <= static_cast<double>(available)) return static_cast<size_t>(texts);
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--sizes: '{}' is not a valid size for a training part of {} texts", wanted, available),
              "specify numbers of texts (50,100,200) or fractions (0.1,0.5,1)");
}

}  // namespace

Result<std::vector<size_t>> CurveSizes(std::span<const std::string> wanted, size_t available, size_t labels) {
  std::vector<size_t> sizes;
  for (const std::string& size : wanted) sizes.push_back(TRY(SizeOf(size, available)));
  if (wanted.empty()) {
    constexpr size_t kMost = 7;
    const size_t least = std::max<size_t>(50, 2 * labels);
    size_t size = available;
    do {
      sizes.push_back(size);
      size /= 2;
    } while (size >= least && sizes.size() < kMost);
  }
  std::ranges::sort(sizes);
  const auto repeats = std::ranges::unique(sizes);
  sizes.erase(repeats.begin(), repeats.end());
  return sizes;
}

Change ChangeBetween(std::span<const uint8_t> before, std::span<const uint8_t> after) {
  Change change;
  for (size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (after[i] > before[i]) ++change.better;
    if (after[i] < before[i]) ++change.worse;
  }
  const auto differ = static_cast<double>(change.better + change.worse);
  const auto gain = static_cast<double>(std::abs(change.better - change.worse));
  // With the continuity correction (Edwards 1948); 3.841 is chi squared's 95 % point of one degree of freedom.
  change.beyond_chance = gain > 1 && (gain - 1) * (gain - 1) / differ > 3.841;
  const double texts = static_cast<double>(before.size()) + 2;
  const double mean = static_cast<double>(change.better - change.worse) / texts;
  change.most_gain = mean + 1.96 * std::sqrt((differ + 1) / texts - mean * mean) / std::sqrt(texts);
  return change;
}

}  // namespace winnow

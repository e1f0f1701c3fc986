#include "encoder/rotary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/tiny_config.h"

namespace winnow {
namespace {

std::vector<float> Row(size_t n) {
  std::vector<float> row(n);
  for (size_t i = 0; i < n; ++i) row[i] = static_cast<float>(i % 7) - 2.5f;
  return row;
}

TEST(RotaryPositions, RotateEveryPairOfColumnsByItsAngle) {
  ModelConfig config = TinyConfig(Architecture::kModernBert);
  const auto n = static_cast<size_t>(config.hidden_size);
  const size_t head_size = n / static_cast<size_t>(config.num_heads), half = head_size / 2;
  RotaryPositions rotary;
  rotary.Prepare(config, 10);
  for (const bool local : {false, true}) {
    const double theta = local ? 10000 : 160000;
    for (const size_t position : {size_t{0}, size_t{3}, size_t{9}, size_t{70000}}) {  // the last is in no table
      const std::vector<float> before = Row(n);
      std::vector<float> row = before;
      rotary.Turn(local, position, /*back=*/false, row.data());
      for (size_t head = 0; head < n; head += head_size) {
        for (size_t i = 0; i < half; ++i) {
          const double exponent = 2.0 * static_cast<double>(i) / static_cast<double>(head_size);
          const double angle = static_cast<double>(position) / std::pow(theta, exponent);
          const double x = double{before[head + i]}, y = double{before[head + half + i]};
          const double bound = 1e-5 + 1e-6 * static_cast<double>(position);  // the frequency is a float
          EXPECT_NEAR(row[head + i], x * std::cos(angle) - y * std::sin(angle), bound);
          EXPECT_NEAR(row[head + half + i], y * std::cos(angle) + x * std::sin(angle), bound);
        }
      }
      rotary.Turn(local, position, /*back=*/true, row.data());
      for (size_t i = 0; i < n; ++i) EXPECT_NEAR(row[i], before[i], 1e-5);
    }
  }
}

}  // namespace
}  // namespace winnow

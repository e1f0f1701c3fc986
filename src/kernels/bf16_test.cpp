#include "kernels/bf16.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "kernels/reference/bf16.h"
#include "support/numbers.h"

namespace winnow {
namespace {

TEST(Bf16, EveryLengthEqualsTheReference) {
  for (size_t n = 0; n <= 67; ++n) {
    const auto values = RandomFloats(n, static_cast<int>(n));
    std::vector<uint16_t> halves(n + 1, 0xabcd);
    RoundToBf16(n, values.data(), halves.data());
    for (size_t i = 0; i < n; ++i) EXPECT_EQ(halves[i], reference::RoundToBf16(values[i])) << n << " " << i;
    EXPECT_EQ(halves[n], 0xabcd);
  }
}

TEST(Bf16, EveryTieAndEveryOddNumberEqualsTheReference) {
  std::vector<float> values;
  for (uint32_t high = 0; high < 0x10000; high += 7) {
    for (const uint32_t low : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      values.push_back(std::bit_cast<float>(high << 16 | low));
    }
  }
  std::vector<uint16_t> halves(values.size());
  RoundToBf16(values.size(), values.data(), halves.data());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(halves[i], reference::RoundToBf16(values[i])) << std::bit_cast<uint32_t>(values[i]);
  }
  const float known[] = {1.0f, -2.0f, 3.4e38f, std::numeric_limits<float>::infinity(), 1.00390625f, 1.01171875f};
  uint16_t expected[] = {0x3f80, 0xc000, 0x7f80, 0x7f80, 0x3f80, 0x3f82};
  uint16_t got[6];
  RoundToBf16(6, known, got);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(got[i], expected[i]) << i;
}

}  // namespace
}  // namespace winnow

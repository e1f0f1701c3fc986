#include "bundle/int4_rows.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "bundle/int8_rows.h"

namespace winnow {
namespace {

struct Rows {
  Rows(size_t rows, size_t columns, const std::vector<float>& values)
      : nibbles(values.size() / 2), block_scales(rows * Int4Blocks(columns)), scales(rows), bytes(values.size()) {
    RoundRowsToInt4(rows, columns, values.data(), nibbles.data(), block_scales.data(), scales.data());
    ExpandInt4Rows(rows, columns, nibbles.data(), block_scales.data(), bytes.data());
  }
  std::vector<uint8_t> nibbles;
  std::vector<int8_t> block_scales;
  std::vector<float> scales;
  std::vector<int8_t> bytes;
};

TEST(Int4Rows, ProductsAreThoseOfEighthsAndFitIntoAByte) {
  EXPECT_EQ(Int4ToInt8(7, 127), 111);
  EXPECT_EQ(Int4ToInt8(-8, 127), -127);
  EXPECT_EQ(Int4ToInt8(-8, -127), 127);
  EXPECT_EQ(Int4ToInt8(1, 4), 1) << "a half is rounded up";
  EXPECT_EQ(Int4ToInt8(-1, 4), 0);
  for (int weight = -8; weight <= 7; ++weight) {
    for (int scale = -127; scale <= 127; ++scale) {
      const double exact = weight * scale / 8.0;
      EXPECT_LE(std::abs(Int4ToInt8(weight, scale) - exact), 0.5);
      EXPECT_LE(std::abs(exact), 127);
    }
  }
}

TEST(Int4Rows, NibblesOfEvenColumnsAreTheLowerOnes) {
  std::array<uint8_t, kInt4Block / 2> nibbles = {};
  nibbles[0] = 0xF1;  // 1, -1
  nibbles[1] = 0x87;  // 7, -8
  const int8_t scale = 16;
  std::array<int8_t, kInt4Block> bytes;
  ExpandInt4Rows(1, kInt4Block, nibbles.data(), &scale, bytes.data());
  EXPECT_THAT(std::vector(bytes.begin(), bytes.begin() + 5), testing::ElementsAre(2, -2, 14, -16, 0));
}

TEST(Int4Rows, WhatFourBitsCanSayIsKeptExactly) {
  Random random(3, "int4");
  for (int round = 0; round < 50; ++round) {
    std::vector<float> values(3 * kInt4Block);
    for (size_t block = 0; block < 3; ++block) {
      const int scale = block == 0 ? 127 : static_cast<int>(1 + random.Below(127));
      for (size_t i = 0; i < kInt4Block; ++i) {
        const int weight = i == 0 ? -8 : static_cast<int>(random.Below(16)) - 8;
        values[block * kInt4Block + i] = 0.5f * Int4ToInt8(weight, scale);
      }
    }
    const Rows rows(1, values.size(), values);
    EXPECT_EQ(rows.scales[0], 0.5f);
    for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(0.5f * rows.bytes[i], values[i]) << i;
  }
}

TEST(Int4Rows, ErrorsAreBoundedByTheBlocksLargestValue) {
  Random random(4, "int4");
  std::vector<float> values(16 * 96);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(random.Normal()) * (i / kInt4Block % 3 == 0 ? 5.0f : 0.1f);
  const Rows rows(16, 96, values);
  double error = 0, energy = 0;
  for (size_t begin = 0; begin < values.size(); begin += kInt4Block) {
    float largest = 0;
    for (size_t i = begin; i < begin + kInt4Block; ++i) largest = std::max(largest, std::abs(values[i]));
    const float scale = rows.scales[begin / 96];
    for (size_t i = begin; i < begin + kInt4Block; ++i) {
      const float difference = values[i] - scale * rows.bytes[i];
      EXPECT_LE(std::abs(difference), 0.4f * largest + scale) << i;  // the largest value may be cut off
      error += difference * difference;
      energy += values[i] * values[i];
    }
  }
  EXPECT_LT(std::sqrt(error / energy), 0.1);
}

TEST(Int4Rows, TheLastBlockOfARowMayBeShort) {
  Random random(5, "int4");
  std::vector<float> values(3 * 38), padded(3 * 64, 0.0f);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(random.Normal());
    padded[i / 38 * 64 + i % 38] = values[i];
  }
  const Rows rows(3, 38, values), expected(3, 64, padded);
  EXPECT_EQ(rows.scales, expected.scales);
  EXPECT_EQ(rows.nibbles.size(), 3u * 19);
  for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(rows.bytes[i], expected.bytes[i / 38 * 64 + i % 38]) << i;
}

TEST(Int4Rows, RowsOfNothingBecomeZeros) {
  std::vector<float> values(2 * kInt4Block, 0.0f);
  values[kInt4Block] = std::numeric_limits<float>::denorm_min();
  const Rows rows(2, kInt4Block, values);
  EXPECT_THAT(rows.scales, testing::Each(1.0f));
  EXPECT_THAT(rows.bytes, testing::Each(0));
}

}  // namespace
}  // namespace winnow

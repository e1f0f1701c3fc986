#include "kernels/pair_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/random.h"

namespace winnow {
namespace {

constexpr size_t kOutputs = 16;

/// Packed weights [groups][fours][16][4]. Those of spread 0 are -127 or 127.
std::vector<int8_t> MakeWeights(size_t groups, size_t fours, double spread) {
  std::vector<int8_t> weights(groups * fours * kOutputs * 4);
  Random random(groups * 100 + fours, "pair weights");
  for (int8_t& w : weights) {
    const int value = spread > 0 ? static_cast<int>(spread * random.Normal()) : random.Below(2) == 0 ? -127 : 127;
    w = static_cast<int8_t>(std::clamp(value, -128, 127));
  }
  return weights;
}

int SameSignSum(int a, int b) { return (a < 0) == (b < 0) ? std::abs(a + b) : 0; }

/// What four products of -128 ... 127 with these weights can sum to at most, in magnitude.
int SizeOf(const int8_t* pair) { return std::abs(pair[0]) + std::abs(pair[1]); }

TEST(PairWeights, ReducedWeightsAndRestsAddUpToTheWeights) {
  for (const double spread : {0.0, 10.0, 40.0, 200.0}) {
    for (const size_t groups : {size_t{1}, size_t{3}}) {
      for (size_t fours = 1; fours <= 7; ++fours) {
        const std::vector<int8_t> weights = MakeWeights(groups, fours, spread);
        std::vector<int8_t> packed = weights;
        const PairWeights pairs(groups, fours, packed.data());
        ASSERT_FALSE(pairs.empty());
        std::vector<int> sums(packed.begin(), packed.end());
        for (size_t group = 0; group < groups; ++group) {
          for (const WeightRest& rest : pairs.rests(group)) {
            const size_t output = rest.place % 32, four = rest.place / 32;
            ASSERT_LT(output, kOutputs);
            ASSERT_LT(four, fours);
            ASSERT_LE(SameSignSum(rest.bytes[0], rest.bytes[1]), 128);
            ASSERT_LE(SameSignSum(rest.bytes[2], rest.bytes[3]), 128);
            for (size_t i = 0; i < 4; ++i) sums[((group * fours + four) * kOutputs + output) * 4 + i] += rest.bytes[i];
          }
        }
        ASSERT_EQ(sums, std::vector<int>(weights.begin(), weights.end())) << spread << " " << groups << " " << fours;
      }
    }
  }
}

TEST(PairWeights, ReducedWeightsMeetBothConditions) {
  for (const double spread : {0.0, 40.0, 200.0}) {
    for (size_t fours = 1; fours <= 6; ++fours) {
      std::vector<int8_t> packed = MakeWeights(2, fours, spread);
      const PairWeights pairs(2, fours, packed.data());
      for (size_t i = 0; i < packed.size(); i += 2) ASSERT_LE(SameSignSum(packed[i], packed[i + 1]), 128);
      for (size_t group = 0; group < 2; ++group) {
        for (size_t four = 0; four + 1 < fours; four += 2) {
          const int8_t* first = packed.data() + (group * fours + four) * kOutputs * 4;
          for (size_t i = 0; i < kOutputs * 4; i += 2) {
            ASSERT_LE(SizeOf(first + i) + SizeOf(first + kOutputs * 4 + i), 255) << spread << " " << fours;
          }
        }
      }
    }
  }
}

TEST(PairWeights, SmallWeightsHaveNoRests) {
  std::vector<int8_t> packed = MakeWeights(2, 24, 10.0);
  const std::vector<int8_t> weights = packed;
  const PairWeights pairs(2, 24, packed.data());
  EXPECT_EQ(packed, weights);
  EXPECT_TRUE(pairs.rests(0).empty());
  EXPECT_TRUE(pairs.rests(1).empty());
}

}  // namespace
}  // namespace winnow

#include "kernels/pair_weights.h"

#include <algorithm>
#include <cstdlib>

namespace winnow {
namespace {

constexpr size_t kOutputs = 16;  // of a group
constexpr int kMostOfPair = 128, kMostOfSum = 255;

/// Moves `excess` of a weight's magnitude to its rest.
void Reduce(int excess, int8_t& weight, int8_t& rest) {
  const int moved = weight < 0 ? -excess : excess;
  weight = static_cast<int8_t>(weight - moved);
  rest = static_cast<int8_t>(rest + moved);
}

bool ExceedsPair(int a, int b) { return (a < 0) == (b < 0) && std::abs(a + b) > kMostOfPair; }

/// Returns the sum of the magnitudes of two neighbours.
int SizeOf(const int8_t* pair) { return std::abs(pair[0]) + std::abs(pair[1]); }

/// Condition 1.
bool ReducePair(int8_t* pair, int8_t* rests) {
  if (!ExceedsPair(pair[0], pair[1])) return false;
  const size_t larger = std::abs(pair[0]) >= std::abs(pair[1]) ? 0 : 1;
  Reduce(std::abs(pair[0] + pair[1]) - kMostOfPair, pair[larger], rests[larger]);
  return true;
}

/// Condition 2, for the pairs of two groups of four inputs.
bool ReduceSum(int8_t* const (&pairs)[2], int8_t* const (&rests)[2]) {
  int size = SizeOf(pairs[0]) + SizeOf(pairs[1]);
  if (size <= kMostOfSum) return false;
  while (size > kMostOfSum) {
    size_t largest = 0;
    for (size_t i = 1; i < 4; ++i) {
      if (std::abs(pairs[i / 2][i % 2]) > std::abs(pairs[largest / 2][largest % 2])) largest = i;
    }
    int8_t& weight = pairs[largest / 2][largest % 2];
    const int excess = std::min(size - kMostOfSum, std::abs(static_cast<int>(weight)));
    Reduce(excess, weight, rests[largest / 2][largest % 2]);
    size -= excess;
  }
  return true;
}

/// Appends the rests of four inputs, as two of them where they don't meet condition 1 together.
void Append(uint32_t place, const std::array<int8_t, 4>& bytes, std::vector<WeightRest>& rests) {
  if (bytes == std::array<int8_t, 4>{}) return;
  if (!ExceedsPair(bytes[0], bytes[1]) && !ExceedsPair(bytes[2], bytes[3])) return rests.push_back({place, bytes});
  rests.push_back({place, {bytes[0], 0, bytes[2], 0}});
  rests.push_back({place, {0, bytes[1], 0, bytes[3]}});
}

}  // namespace

PairWeights::PairWeights(size_t groups, size_t fours, int8_t* packed) {
  begins_.reserve(groups + 1);
  begins_.push_back(0);
  for (size_t group = 0; group < groups; ++group) {
    for (size_t four = 0; four < fours; four += 2) {
      int8_t* const first = packed + (group * fours + four) * kOutputs * 4;
      const bool two = four + 1 < fours;
      std::array<std::array<int8_t, 4>, kOutputs> rests[2] = {};
      bool reduced = false;
      for (size_t output = 0; output < kOutputs; ++output) {
        for (size_t pair = 0; pair < 4; pair += 2) {
          int8_t* const weights[2] = {first + output * 4 + pair, first + (kOutputs + output) * 4 + pair};
          int8_t* const kept[2] = {rests[0][output].data() + pair, rests[1][output].data() + pair};
          reduced |= ReducePair(weights[0], kept[0]);
          if (two) reduced |= ReducePair(weights[1], kept[1]) | ReduceSum(weights, kept);
        }
      }
      for (size_t i = 0; reduced && i < 2; ++i) {
        for (size_t output = 0; output < kOutputs; ++output) {
          Append(static_cast<uint32_t>(32 * (four + i) + output), rests[i][output], rests_);
        }
      }
    }
    begins_.push_back(rests_.size());
  }
  rests_.shrink_to_fit();
}

}  // namespace winnow

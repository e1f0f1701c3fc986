#include "kernels/pair_weights.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

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

/// Returns true if the sum of two neighbours is too large, which never holds for two of different signs.
bool ExceedsPair(int a, int b) { return std::abs(a + b) > kMostOfPair; }

/// Returns the sum of the magnitudes of two neighbours.
int SizeOf(const int8_t* pair) { return std::abs(pair[0]) + std::abs(pair[1]); }

void ReducePair(int8_t* pair, int8_t* rests) {
  if (!ExceedsPair(pair[0], pair[1])) return;
  const size_t larger = std::abs(pair[0]) >= std::abs(pair[1]) ? 0 : 1;
  Reduce(std::abs(pair[0] + pair[1]) - kMostOfPair, pair[larger], rests[larger]);
}

/// Makes the weights of a sum of 16 bits meet both conditions: one pair of each of two groups of four inputs.
void ReduceSum(int8_t* const (&pairs)[2], int8_t* const (&rests)[2]) {
  for (size_t i = 0; i < 2; ++i) ReducePair(pairs[i], rests[i]);
  for (int size = SizeOf(pairs[0]) + SizeOf(pairs[1]); size > kMostOfSum;) {
    size_t largest = 0;
    for (size_t i = 1; i < 4; ++i) {
      if (std::abs(pairs[i / 2][i % 2]) > std::abs(pairs[largest / 2][largest % 2])) largest = i;
    }
    int8_t& weight = pairs[largest / 2][largest % 2];
    const int excess = std::min(size - kMostOfSum, std::abs(static_cast<int>(weight)));
    Reduce(excess, weight, rests[largest / 2][largest % 2]);
    size -= excess;
  }
}

/// Sets exceeds[i] for each of the 32 sums of 16 bits whose weights may violate a condition; `first` and `second` are
/// packed weights [16][4]. In a form that compilers turn into vectors. Returns whether there is any.
bool FindExceeding(const int8_t* first, const int8_t* second, std::array<bool, 2 * kOutputs>& exceeds) {
  std::array<int16_t, 2 * kOutputs> pairs[2];
  std::memcpy(pairs[0].data(), first, sizeof pairs[0]);
  std::memcpy(pairs[1].data(), second, sizeof pairs[1]);
  std::array<int16_t, 2 * kOutputs> flags;
  int16_t any = 0;
  for (size_t i = 0; i < flags.size(); ++i) {
    const auto low = [&](size_t p) { return static_cast<int16_t>(static_cast<int16_t>(pairs[p][i] << 8) >> 8); };
    const auto high = [&](size_t p) { return static_cast<int16_t>(pairs[p][i] >> 8); };
    const auto size = [](int16_t v) { return static_cast<int16_t>(v < 0 ? -v : v); };
    const auto a = low(0), b = high(0), c = low(1), d = high(1);
    const bool pair =
        size(static_cast<int16_t>(a + b)) > kMostOfPair || size(static_cast<int16_t>(c + d)) > kMostOfPair;
    flags[i] = static_cast<int16_t>(pair | (size(a) + size(b) + size(c) + size(d) > kMostOfSum));
    any = static_cast<int16_t>(any | flags[i]);
  }
  for (size_t i = 0; i < flags.size(); ++i) exceeds[i] = flags[i] != 0;
  return any != 0;
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
  constexpr size_t kFourWeights = kOutputs * 4;
  std::array<int8_t, kFourWeights> none =
      {};  // in place of the second group of four inputs, at the end of an odd number
  begins_.reserve(groups + 1);
  begins_.push_back(0);
  for (size_t group = 0; group < groups; ++group) {
    for (size_t four = 0; four < fours; four += 2) {
      int8_t* const first = packed + (group * fours + four) * kFourWeights;
      int8_t* const second = four + 1 < fours ? first + kFourWeights : none.data();
      std::array<bool, 2 * kOutputs> exceeds;
      if (!FindExceeding(first, second, exceeds)) continue;
      std::array<std::array<int8_t, 4>, kOutputs> rests[2] = {};
      for (size_t i = 0; i < exceeds.size(); ++i) {
        if (!exceeds[i]) continue;
        const size_t pair = i % 2 * 2;
        ReduceSum({first + 2 * i, second + 2 * i}, {rests[0][i / 2].data() + pair, rests[1][i / 2].data() + pair});
      }
      for (size_t i = 0; i < 2; ++i) {
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

#include "bundle/int4_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

namespace winnow {
namespace {

constexpr int kLevels = 16;

int WeightOf(unsigned nibble) { return static_cast<int>(nibble ^ 8u) - 8; }

/// The 4-bit weights of a block for one scale.
struct Block {
  float error = std::numeric_limits<float>::infinity();
  int scale = 0;
  std::array<int8_t, kInt4Block> weights = {};
};

/// Rounds values, in units of an INT8 step, to the nearest products of the scale.
Block RoundTo(std::span<const float> values, int scale) {
  Block block{.error = 0, .scale = scale};
  const float factor = scale == 0 ? 0 : 8.0f / static_cast<float>(scale);
  for (size_t i = 0; i < values.size(); ++i) {
    const int weight = static_cast<int>(std::clamp(std::nearbyint(values[i] * factor), -8.0f, 7.0f));
    const float difference = values[i] - static_cast<float>(Int4ToInt8(weight, scale));
    block.weights[i] = static_cast<int8_t>(weight);
    block.error += difference * difference;
  }
  return block;
}

/// The scale with the least error. The largest value in size is 8 times the scale or a little more: it may be cut off,
/// so that the others are exact.
Block BestBlock(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  Block best = RoundTo(values, 0);
  const int most = std::min(127, static_cast<int>(std::ceil(largest * 8.0f / 7.0f)));
  const int least = std::max(1, static_cast<int>(largest * 0.6f));
  for (int scale = least; scale <= most; ++scale) {
    for (const int sign : {-1, 1}) {
      Block block = RoundTo(values, sign * scale);
      if (block.error < best.error) best = block;
    }
  }
  return best;
}

}  // namespace

void RoundRowsToInt4(size_t rows, size_t columns, const float* values, uint8_t* nibbles, int8_t* block_scales,
                     float* scales) {
  std::array<float, kInt4Block> steps;
  for (size_t r = 0; r < rows; ++r, values += columns) {
    float largest = 0;
    for (size_t i = 0; i < columns; ++i) largest = std::max(largest, std::abs(values[i]));
    const float scale = largest / 127.0f;
    scales[r] = std::isnormal(scale) ? scale : 1.0f;
    for (size_t begin = 0; begin < columns; begin += kInt4Block) {
      const size_t count = std::min(kInt4Block, columns - begin);
      for (size_t i = 0; i < count; ++i) steps[i] = std::clamp(values[begin + i] / scales[r], -127.0f, 127.0f);
      const Block block = BestBlock(std::span(steps).first(count));
      *block_scales++ = static_cast<int8_t>(block.scale);
      for (size_t i = 0; i < count; i += 2) {
        const auto low = static_cast<unsigned>(block.weights[i]) & 0xFu;
        const auto high = static_cast<unsigned>(block.weights[i + 1]) & 0xFu;
        *nibbles++ = static_cast<uint8_t>(low | high << 4);
      }
    }
  }
}

void ExpandInt4Rows(size_t rows, size_t columns, const uint8_t* nibbles, const int8_t* block_scales, int8_t* bytes) {
  std::array<int8_t, kLevels> levels;
  for (size_t block = 0; block < rows * Int4Blocks(columns); ++block) {
    for (unsigned nibble = 0; nibble < kLevels; ++nibble)
      levels[nibble] = Int4ToInt8(WeightOf(nibble), block_scales[block]);
    const size_t begin = block % Int4Blocks(columns) * kInt4Block;
    for (size_t i = begin; i < std::min(begin + kInt4Block, columns); i += 2, ++nibbles) {
      *bytes++ = levels[*nibbles & 0xFu];
      *bytes++ = levels[*nibbles >> 4];
    }
  }
}

}  // namespace winnow

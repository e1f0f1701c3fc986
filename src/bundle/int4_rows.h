/// Matrices in 4 bits per weight, the format of weights in bundles for browsers. They are read as INT8: a weight of 4
/// bits and the scale of its block give the byte exactly, so that computing with them is computing with INT8 weights.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

inline constexpr size_t kInt4Block = 32;  ///< weights of a row that share a block scale; the last block may have fewer

constexpr size_t Int4Blocks(size_t columns) { return (columns + kInt4Block - 1) / kInt4Block; }

/// Returns the INT8 weight of a weight of 4 bits, -8 ... 7, and its block's scale, -127 ... 127: their product in
/// eighths, rounded half up.
constexpr int8_t Int4ToInt8(int weight, int block_scale) {
  const int product = (weight * block_scale + 4) >> 3;
  return static_cast<int8_t>(product);
}

/// Quantizes each row of values [rows, columns] separately: scales[r] = max |row| / 127, as RoundRowsToInt8 does; each
/// block of kInt4Block columns has the scale block_scales[r, column / kInt4Block], chosen so that the squared error of
/// the block is least. nibbles [rows, columns / 2] has the weight of an even column in the lower four bits and that of
/// the next column in the upper ones, in two's complement. Requires an even number of columns. A row of zeros has
/// scale 1.
void RoundRowsToInt4(size_t rows, size_t columns, const float* values, uint8_t* nibbles, int8_t* block_scales,
                     float* scales);

/// Computes the INT8 weights [rows, columns], which have the scales of the rows.
void ExpandInt4Rows(size_t rows, size_t columns, const uint8_t* nibbles, const int8_t* block_scales, int8_t* bytes);

}  // namespace winnow

/// Rows of floats as bytes: activations on their way into an integer product. Every row has a scale and a zero point of
/// its own, so a text's numbers never depend on its batch mates:
///   value = scale * (byte - zero),  scale = (max - min) / 254,  zero = ceil(-min / scale),
/// with min and max widened to contain 0, so that zero lies in 0 ... 255 (asymmetric quantisation, as in Jacob et al.
/// 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). 254 steps
/// instead of 255, since so no rounding can leave 0 ... 255.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// What a row of bytes stands for. A row of zeros has scale 1 and zero 0.
struct ByteScale {
  float scale;
  int32_t zero;

  /// What the row would be if all its bytes were 0.
  float least() const { return -scale * static_cast<float>(zero); }
};

/// Bytes between rows of n: room to read whole groups of four, and vectors aligned.
constexpr size_t ByteStride(size_t n) { return (n + 63) / 64 * 64; }

/// values [rows, n] -> bytes [rows, ByteStride(n)], whose places past n get the row's zero point, and scales [rows].
/// Values are finite.
void QuantizeRows(size_t rows, size_t n, const float* values, uint8_t* bytes, ByteScale* scales);

}  // namespace winnow

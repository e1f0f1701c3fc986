/// Quantization of rows of floats to bytes, for activations that enter an integer product. Every row has a scale and a
/// zero point of its own, so the results of a text never depend on the other texts of its batch:
///   value = scale * (byte - zero),  scale = (max - min) / 254,  zero = ceil(-min / scale),
/// with min and max widened to contain 0, so that zero lies in 0 ... 255 (asymmetric quantisation, as in Jacob et al.
/// 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). 254 steps
/// instead of 255, since so no rounding can leave 0 ... 255.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/round_up.h"

namespace winnow {

/// The scale and zero point of a row of bytes. A row of zeros has scale 1 and zero 0.
struct ByteScale {
  float scale;
  int32_t zero;

  /// Returns the value that a byte of 0 stands for.
  float least() const { return -scale * static_cast<float>(zero); }
};

/// Returns the number of bytes between rows of n values: enough to read whole groups of four, with aligned vectors.
constexpr size_t ByteStride(size_t n) { return RoundUp(n, 64); }

/// Quantizes values [rows, n] to bytes [rows, ByteStride(n)], where bytes past n get the row's zero point, and scales
/// [rows]. Values must be finite.
void QuantizeRows(size_t rows, size_t n, const float* values, uint8_t* bytes, ByteScale* scales);

}  // namespace winnow

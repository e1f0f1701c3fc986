/// Matrices as INT8 rows, the format of weights in model_int8.safetensors and in quantized ONNX files.
#pragma once

#include <cstddef>
#include <cstdint>

namespace winnow {

/// Quantizes each row of values [rows, columns] separately and symmetrically: scales[r] = max |row| / 127, and bytes =
/// round(value / scale) to nearest, ties to even, in -127 ... 127. A row of zeros has scale 1.
void RoundRowsToInt8(size_t rows, size_t columns, const float* values, int8_t* bytes, float* scales);

}  // namespace winnow

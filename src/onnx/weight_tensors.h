/// A checkpoint's weights as initializers of an ONNX graph. Rows of the checkpoint's matrices are outputs [out, in];
/// ONNX's MatMul has them as columns [in, out].
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "onnx/model_file.h"
#include "onnx/weight_file.h"

namespace winnow {

/// Returns the rows unchanged, as floats; `addend` (of one row's size, or empty) is added to each row.
StreamedTensor FloatRows(std::string name, const Weight& weight, std::vector<float> addend = {});

/// Returns the transposed matrix, as floats; each row of the checkpoint is divided by its divisor, unless there are
/// none.
StreamedTensor FloatTransposed(std::string name, const Weight& weight, std::vector<double> divisors = {});

/// Divides each row of `values` by its divisor. Errors: kInvalidModel if a value becomes infinite.
Result<void> DivideRows(std::span<float> values, std::span<const double> divisors);

/// A matrix as INT8 with a scale for each row of the checkpoint (see RoundRowsToInt8). Creating it reads the weight
/// once, for the scales; the bytes are made while they are written.
struct Int8Matrix {
  StreamedTensor values;
  std::vector<float> scales;  ///< one scale per row
};

/// Returns the rows in their order, with `addend` added before quantization. Errors: those of Weight::Read.
Result<Int8Matrix> Int8Rows(std::string name, const Weight& weight, std::vector<float> addend = {});

/// Returns the transposed matrix, with a scale for each of its columns. Errors: those of Weight::Read.
Result<Int8Matrix> Int8Transposed(std::string name, const Weight& weight);

}  // namespace winnow

/// Checked access to the tensors of model_int8.safetensors; used by quantized_model.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "bundle/safetensors.h"
#include "encoder/layout.h"
#include "kernels/packed_matmul.h"

namespace winnow {

/// The suffix of the name of a matrix's scales.
inline constexpr char kScaleSuffix[] = "_scale";
/// The suffix of the name of the block scales of a matrix of 4 bits per weight.
inline constexpr char kBlockScaleSuffix[] = "_block_scale";

/// Returns the weight that is at `offset` of the layout.
const WeightInfo& WeightAt(const Layout& layout, size_t offset);

/// Hands out checked tensors of one file. Weights are named by their offset in the layout. Errors of all functions:
/// kInvalidModel, naming the tensor, if it is missing, has another shape or type, or holds NaN or infinite values.
class QuantizedReader {
 public:
  /// Creates a reader; `file` and `layout` must outlive it. `where` is the beginning of error messages.
  QuantizedReader(const SafetensorsFile& file, const Layout& layout, std::string where)
      : file_(file), layout_(layout), where_(std::move(where)) {}

  Result<FloatBuffer> Floats(size_t offset) const;

  /// Returns `parts` weights of n floats that follow each other in the layout, n rounded up to `block`.
  Result<FloatBuffer> Vectors(size_t offset, size_t parts, size_t n, size_t block) const;

  /// Returns `parts` matrices [rows, columns] one below the other, each padded to `block` rows. They are weights of
  /// their own, or one with the rows of all.
  Result<PackedWeights> Matrix(size_t offset, size_t parts, size_t rows, size_t columns, size_t block) const;

  /// Returns a matrix that is multiplied in floats, however it is stored.
  Result<PackedWeights> FloatMatrix(size_t offset, size_t rows, size_t columns) const;

  /// Returns true for a matrix of INT8 or 4-bit weights.
  Result<bool> IsOfBytes(const WeightInfo& weight) const;

  /// Copies the INT8 weights of a matrix [rows, columns], which those of 4 bits are expanded to.
  Result<void> CopyBytes(const WeightInfo& weight, size_t rows, size_t columns, int8_t* out) const;

  /// Returns rows of bytes or floats, as floats.
  Result<FloatBuffer> Rows(size_t offset) const;

  Result<const TensorView*> Find(const WeightInfo& weight) const { return Find(weight.name, weight.shape); }
  Result<const TensorView*> Find(const std::string& name, const std::vector<int64_t>& shape) const;

  /// Returns the scales of a matrix of bytes, one for each row, where they lie in the file.
  Result<const float*> Scales(const WeightInfo& weight) const;

 private:
  Error Wrong(const TensorView& tensor, const std::string& what) const;

  /// Returns the INT8 weights of a matrix [rows, columns] where they lie in the file; those of 4 bits are expanded to
  /// `expanded`.
  Result<const int8_t*> Bytes(const WeightInfo& weight, size_t rows, size_t columns,
                              AlignedBuffer<int8_t>& expanded) const;

  /// Matrix of `tensors` weights of bytes, without a copy of those that are INT8 in the file. Each `rows` of them are
  /// padded to `block`.
  Result<PackedWeights> MatrixOfBytes(size_t offset, size_t parts, size_t tensors, size_t rows, size_t columns,
                                      size_t block) const;

  Result<void> CopyFloats(const WeightInfo& weight, std::span<float> out) const;
  Result<const TensorView*> FindScales(const WeightInfo& weight, size_t rows) const;
  Result<void> CopyScales(const WeightInfo& weight, size_t rows, std::span<float> out) const;

  const SafetensorsFile& file_;
  const Layout& layout_;
  const std::string where_;
};

}  // namespace winnow

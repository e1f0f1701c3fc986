#include "encoder/quantized_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "bundle/int4_rows.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

/// Each of `parts` matrices [rows, columns] with rows of zeros behind it, up to `block` rows.
FloatBuffer Padded(FloatBuffer values, size_t parts, size_t rows, size_t columns, size_t block) {
  if (rows == block) return values;
  FloatBuffer padded(parts * block * columns);
  padded.Zero();
  for (size_t p = 0; p < parts; ++p) {
    std::copy_n(values.data() + p * rows * columns, rows * columns, padded.data() + p * block * columns);
  }
  return padded;
}

}  // namespace

const WeightInfo& WeightAt(const Layout& layout, size_t offset) {
  return *std::ranges::find(layout.weights, offset, &WeightInfo::offset);
}

Result<FloatBuffer> QuantizedReader::Floats(size_t offset) const {
  const WeightInfo& weight = WeightAt(layout_, offset);
  FloatBuffer values(weight.count);
  TRY(CopyFloats(weight, values.span()));
  return values;
}

Result<FloatBuffer> QuantizedReader::Vectors(size_t offset, size_t parts, size_t n, size_t block) const {
  FloatBuffer values(parts * block);
  values.Zero();
  for (size_t i = 0; i < parts; ++i) {
    TRY(CopyFloats(WeightAt(layout_, offset + i * n), values.span().subspan(i * block, n)));
  }
  return values;
}

Result<PackedWeights> QuantizedReader::Matrix(size_t offset, size_t parts, size_t rows, size_t columns,
                                              size_t block) const {
  const WeightInfo& first = WeightAt(layout_, offset);
  const size_t tensors = static_cast<size_t>(first.shape[0]) == parts * rows ? 1 : parts;
  const size_t rows_each = parts * rows / tensors;
  if (TRY(IsOfBytes(first))) return MatrixOfBytes(offset, parts, tensors, rows, columns, block);
  FloatBuffer floats(parts * rows * columns);
  for (size_t t = 0; t < tensors; ++t) {
    const size_t begin = t * rows_each * columns;
    TRY(CopyFloats(WeightAt(layout_, offset + begin), floats.span().subspan(begin, rows_each * columns)));
  }
  return PackedWeights::OfFloats(parts * block, columns, Padded(std::move(floats), parts, rows, columns, block).span());
}

Result<PackedWeights> QuantizedReader::FloatMatrix(size_t offset, size_t rows, size_t columns) const {
  return PackedWeights::OfFloats(rows, columns, TRY(Rows(offset)).span());
}

Result<bool> QuantizedReader::IsOfBytes(const WeightInfo& weight) const {
  const TensorView* tensor = file_.Find(weight.name);
  if (tensor != nullptr && tensor->dtype == DType::kU8) return true;
  return TRY(Find(weight))->dtype == DType::kI8;
}

Result<void> QuantizedReader::CopyBytes(const WeightInfo& weight, size_t rows, size_t columns, int8_t* out) const {
  const TensorView* tensor = file_.Find(weight.name);
  if (tensor == nullptr || tensor->dtype != DType::kU8) {
    tensor = TRY(Find(weight));
    if (tensor->dtype != DType::kI8)
      return std::unexpected(Wrong(*tensor, "the weights of one matrix product differ in type"));
    std::memcpy(out, tensor->data.data(), rows * columns);
    return {};
  }
  if (columns % 2 != 0)
    return std::unexpected(Wrong(*tensor, "it has 4 bits per weight, but an odd number of columns"));
  const auto shape = [&](size_t width) { return std::vector{static_cast<int64_t>(rows), static_cast<int64_t>(width)}; };
  static_cast<void>(TRY(Find(weight.name, shape(columns / 2))));
  const TensorView* scales = TRY(Find(weight.name + kBlockScaleSuffix, shape(Int4Blocks(columns))));
  const auto* blocks = reinterpret_cast<const int8_t*>(scales->data.data());
  const bool valid = scales->dtype == DType::kI8 &&
                     std::find(blocks, blocks + scales->data.size(), -128) == blocks + scales->data.size();
  if (!valid) return std::unexpected(Wrong(*scales, "scales of blocks must be INT8 from -127 to 127"));
  ExpandInt4Rows(rows, columns, reinterpret_cast<const uint8_t*>(tensor->data.data()), blocks, out);
  return {};
}

Result<const int8_t*> QuantizedReader::Bytes(const WeightInfo& weight, size_t rows, size_t columns,
                                             AlignedBuffer<int8_t>& expanded) const {
  const TensorView* tensor = file_.Find(weight.name);
  if (tensor != nullptr && tensor->dtype == DType::kI8) {
    return reinterpret_cast<const int8_t*>(TRY(Find(weight))->data.data());
  }
  expanded.Resize(rows * columns);
  TRY(CopyBytes(weight, rows, columns, expanded.data()));
  return expanded.data();
}

Result<FloatBuffer> QuantizedReader::Rows(size_t offset) const {
  const WeightInfo& weight = WeightAt(layout_, offset);
  if (!TRY(IsOfBytes(weight))) return Floats(offset);
  const auto rows = static_cast<size_t>(weight.shape[0]);
  const size_t columns = weight.count / rows;
  FloatBuffer values(weight.count);
  std::vector<float> scales(rows);
  TRY(CopyScales(weight, rows, scales));
  AlignedBuffer<int8_t> bytes(weight.count);
  TRY(CopyBytes(weight, rows, columns, bytes.data()));
  for (size_t i = 0; i < weight.count; ++i)
    values.data()[i] = static_cast<float>(bytes.data()[i]) * scales[i / columns];
  return values;
}

Result<const TensorView*> QuantizedReader::Find(const std::string& name, const std::vector<int64_t>& shape) const {
  const TensorView* tensor = file_.Find(name);
  if (tensor == nullptr) {
    return Fail(ErrorCode::kInvalidModel, where_ + ": no tensor '" + name + "'",
                "the file does not match config.json; to create it again: winnow quantize");
  }
  if (tensor->shape != shape) {
    return std::unexpected(
        Wrong(*tensor, "its shape is " + ShapeText(tensor->shape) + ", but config.json requires " + ShapeText(shape)));
  }
  return tensor;
}

Result<const float*> QuantizedReader::Scales(const WeightInfo& weight) const {
  const TensorView* tensor = TRY(FindScales(weight, static_cast<size_t>(weight.shape[0])));
  return reinterpret_cast<const float*>(tensor->data.data());
}

Error QuantizedReader::Wrong(const TensorView& tensor, const std::string& what) const {
  return {ErrorCode::kInvalidModel, where_ + ": tensor '" + tensor.name + "': " + what,
          "the file is damaged or belongs to another model; to create it again: winnow quantize"};
}

Result<PackedWeights> QuantizedReader::MatrixOfBytes(size_t offset, size_t parts, size_t tensors, size_t rows,
                                                     size_t columns, size_t block) const {
  std::vector<const int8_t*> packed(parts * block, nullptr);
  std::vector<AlignedBuffer<int8_t>> expanded(tensors);
  FloatBuffer scales(parts * rows), padded_scales(parts * block);
  const size_t rows_each = parts * rows / tensors;
  for (size_t t = 0; t < tensors; ++t) {
    const WeightInfo& weight = WeightAt(layout_, offset + t * rows_each * columns);
    const int8_t* const bytes = TRY(Bytes(weight, rows_each, columns, expanded[t]));
    TRY(CopyScales(weight, rows_each, scales.span().subspan(t * rows_each, rows_each)));
    for (size_t r = 0; r < rows_each; ++r) {
      const size_t row = t * rows_each + r;
      packed[row / rows * block + row % rows] = bytes + r * columns;
    }
  }
  padded_scales.Fill(1.0f);
  for (size_t p = 0; p < parts; ++p) std::copy_n(scales.data() + p * rows, rows, padded_scales.data() + p * block);
  return PackedWeights::OfRows(packed, columns, padded_scales.span());
}

Result<void> QuantizedReader::CopyFloats(const WeightInfo& weight, std::span<float> out) const {
  const TensorView* tensor = TRY(Find(weight));
  if (tensor->dtype == DType::kI8) return std::unexpected(Wrong(*tensor, "it is INT8, expected floats"));
  TRY(CopyAsF32(*tensor, out));
  if (!AllFinite(out.size(), out.data())) return std::unexpected(Wrong(*tensor, "it holds NaN or infinite values"));
  return {};
}

Result<const TensorView*> QuantizedReader::FindScales(const WeightInfo& weight, size_t rows) const {
  const TensorView* tensor = TRY(Find(weight.name + kScaleSuffix, {static_cast<int64_t>(rows)}));
  if (tensor->dtype != DType::kF32 || reinterpret_cast<uintptr_t>(tensor->data.data()) % alignof(float) != 0) {
    return std::unexpected(Wrong(*tensor, "scales must be aligned F32"));
  }
  const auto* scales = reinterpret_cast<const float*>(tensor->data.data());
  for (size_t r = 0; r < rows; ++r) {
    if (!(std::isfinite(scales[r]) && scales[r] > 0)) {
      return std::unexpected(Wrong(*tensor, "scale " + std::to_string(r) + " is " + fmt::format("{:f}", scales[r]) +
                                                "; scales must be positive and finite"));
    }
  }
  return tensor;
}

Result<void> QuantizedReader::CopyScales(const WeightInfo& weight, size_t rows, std::span<float> out) const {
  const TensorView* tensor = TRY(FindScales(weight, rows));
  return CopyAsF32(*tensor, out);
}

}  // namespace winnow

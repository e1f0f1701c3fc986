#include "onnx/weight_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "bundle/int8_rows.h"

namespace winnow {
namespace {

constexpr size_t kChunkFloats = size_t{1} << 18;
constexpr size_t kReleaseChunks = 64;  // so much of the file is in memory at most

std::vector<int64_t> Dims(size_t first, size_t second) {
  return {static_cast<int64_t>(first), static_cast<int64_t>(second)};
}

/// Calls `take` with some whole rows at a time, `addend` added to each.
Result<void> ForEachChunk(const Weight& weight, const std::vector<float>& addend,
                          const std::function<Result<void>(size_t rows, std::span<const float>)>& take) {
  const size_t columns = weight.columns();
  const size_t step = std::max<size_t>(1, kChunkFloats / std::max<size_t>(1, columns));
  std::vector<float> chunk;
  for (size_t row = 0; row < weight.rows(); row += step) {
    if (row / step % kReleaseChunks == 0) weight.ReleaseMemory();
    const size_t rows = std::min(step, weight.rows() - row);
    chunk.resize(rows * columns);
    TRY(weight.Read(row, chunk));
    if (!addend.empty()) {
      for (size_t i = 0; i < chunk.size(); ++i) chunk[i] += addend[i % columns];
    }
    TRY(take(rows, chunk));
  }
  weight.ReleaseMemory();
  return {};
}

template <typename T>
std::vector<T> Transposed(size_t rows, size_t columns, const std::vector<T>& values) {
  constexpr size_t kTile = 32;  // a tile of both matrices fits the first cache
  std::vector<T> out(values.size());
  for (size_t r0 = 0; r0 < rows; r0 += kTile) {
    for (size_t c0 = 0; c0 < columns; c0 += kTile) {
      for (size_t r = r0; r < std::min(rows, r0 + kTile); ++r) {
        for (size_t c = c0; c < std::min(columns, c0 + kTile); ++c) out[c * rows + r] = values[r * columns + c];
      }
    }
  }
  return out;
}

Result<std::vector<float>> RowScales(const Weight& weight, const std::vector<float>& addend) {
  std::vector<float> scales;
  std::vector<int8_t> unused;
  TRY(ForEachChunk(weight, addend, [&](size_t rows, std::span<const float> values) -> Result<void> {
    unused.resize(values.size());
    scales.resize(scales.size() + rows);
    RoundRowsToInt8(rows, weight.columns(), values.data(), unused.data(), scales.data() + (scales.size() - rows));
    return {};
  }));
  return scales;
}

}  // namespace

StreamedTensor FloatRows(std::string name, const Weight& weight, std::vector<float> addend) {
  return {.name = std::move(name),
          .data_type = onnx::TensorProto::FLOAT,
          .dims = Dims(weight.rows(), weight.columns()),
          .write = [weight, addend = std::move(addend)](const FileSink& sink) {
            return ForEachChunk(weight, addend,
                                [&](size_t, std::span<const float> values) { return sink(std::as_bytes(values)); });
          }};
}

Result<void> DivideRows(std::span<float> values, std::span<const double> divisors) {
  const size_t columns = divisors.empty() ? 0 : values.size() / divisors.size();
  for (size_t i = 0; columns > 0 && i < values.size(); ++i) {
    values[i] = static_cast<float>(static_cast<double>(values[i]) / divisors[i / columns]);
    if (!std::isfinite(values[i])) {
      return Fail(ErrorCode::kInvalidModel,
                  fmt::format("the temperature {} makes weights of the classifier infinite", divisors[i / columns]),
                  "calibrate the model again, or pass --no-bake-temperature");
    }
  }
  return {};
}

StreamedTensor FloatTransposed(std::string name, const Weight& weight, std::vector<double> divisors) {
  return {.name = std::move(name),
          .data_type = onnx::TensorProto::FLOAT,
          .dims = Dims(weight.columns(), weight.rows()),
          .write = [weight, divisors = std::move(divisors)](const FileSink& sink) -> Result<void> {
            std::vector<float> values = TRY(weight.ReadAll());
            weight.ReleaseMemory();
            TRY(DivideRows(values, divisors));
            const std::vector<float> columns = Transposed(weight.rows(), weight.columns(), values);
            return sink(std::as_bytes(std::span(columns)));
          }};
}

Result<Int8Matrix> Int8Rows(std::string name, const Weight& weight, std::vector<float> addend) {
  std::vector<float> scales = TRY(RowScales(weight, addend));
  Int8Matrix matrix{.values = {.name = std::move(name),
                               .data_type = onnx::TensorProto::INT8,
                               .dims = Dims(weight.rows(), weight.columns()),
                               .write = {}},
                    .scales = std::move(scales)};
  matrix.values.write = [weight, addend = std::move(addend)](const FileSink& sink) {
    std::vector<int8_t> bytes;
    std::vector<float> scales;
    return ForEachChunk(weight, addend, [&](size_t rows, std::span<const float> values) {
      bytes.resize(values.size());
      scales.resize(rows);
      RoundRowsToInt8(rows, weight.columns(), values.data(), bytes.data(), scales.data());
      return sink(std::as_bytes(std::span(bytes)));
    });
  };
  return matrix;
}

Result<Int8Matrix> Int8Transposed(std::string name, const Weight& weight) {
  std::vector<float> scales = TRY(RowScales(weight, {}));
  Int8Matrix matrix{.values = {.name = std::move(name),
                               .data_type = onnx::TensorProto::INT8,
                               .dims = Dims(weight.columns(), weight.rows()),
                               .write = {}},
                    .scales = std::move(scales)};
  matrix.values.write = [weight](const FileSink& sink) -> Result<void> {
    const std::vector<float> values = TRY(weight.ReadAll());
    weight.ReleaseMemory();
    std::vector<int8_t> bytes(values.size());
    std::vector<float> scales(weight.rows());
    RoundRowsToInt8(weight.rows(), weight.columns(), values.data(), bytes.data(), scales.data());
    const std::vector<int8_t> columns = Transposed(weight.rows(), weight.columns(), bytes);
    return sink(std::as_bytes(std::span(columns)));
  };
  return matrix;
}

}  // namespace winnow

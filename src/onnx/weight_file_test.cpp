#include "onnx/weight_file.h"

#include <gmock/gmock.h>

#include <bit>
#include <limits>

#include "onnx/weight_tensors.h"
#include "support/random_bundle.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Weight> OnlyWeight(const std::filesystem::path& dir, const TensorView& tensor) {
  TRY(WriteSafetensors(dir / "model.safetensors", std::span(&tensor, 1)));
  return TRY(WeightFile::Open(dir, ModelConfig())).Encoder(tensor.name, tensor.shape);
}

TEST(OnnxWeight, ReadsRowsOfEveryFloatType) {
  const TemporaryDirectory directory;
  const std::vector<float> values = {1, -2, 3, 0.5f, 256, -0.25f};
  std::vector<uint16_t> halves;  // bfloat16 is the upper half of a float
  for (const float value : values) halves.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16));
  const TensorView single = ViewOf("w", {3, 2}, values);
  const TensorView half{"w", DType::kBF16, {3, 2}, std::as_bytes(std::span(halves))};
  for (const TensorView& tensor : {single, half}) {
    const Result<Weight> weight = OnlyWeight(directory.path(), tensor);
    ASSERT_TRUE(weight) << weight.error().Text();
    EXPECT_EQ(weight->rows(), 3u);
    EXPECT_EQ(weight->columns(), 2u);
    std::vector<float> rows(4);
    ASSERT_TRUE(weight->Read(1, rows));
    EXPECT_THAT(rows, ElementsAre(3, 0.5f, 256, -0.25f));
    EXPECT_EQ(weight->ReadAll().value(), values);
  }
}

TEST(OnnxWeight, SeesAVectorAsOneRow) {
  const TemporaryDirectory directory;
  const std::vector<float> values = {1, 2, 3};
  const Result<Weight> weight = OnlyWeight(directory.path(), ViewOf("b", {3}, values));
  ASSERT_TRUE(weight);
  EXPECT_EQ(weight->rows(), 1u);
  EXPECT_EQ(weight->columns(), 3u);
}

TEST(OnnxWeight, RefusesElementsThatAreNoFloats) {
  const TemporaryDirectory directory;
  const std::vector<int32_t> values = {1, 2};
  const TensorView tensor{"w", DType::kI32, {2}, std::as_bytes(std::span(values))};
  const Result<Weight> weight = OnlyWeight(directory.path(), tensor);
  ASSERT_TRUE(weight);
  const Result<std::vector<float>> read = weight->ReadAll();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("I32"));
}

TEST(OnnxWeight, StreamsMatricesOfManyPieces) {
  const TemporaryDirectory directory;
  constexpr size_t kRows = 300'007, kColumns = 3;  // more than three pieces, the last one short
  std::vector<float> values(kRows * kColumns);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 251) - 125;
  const Weight weight = OnlyWeight(directory.path(), ViewOf("w", {kRows, kColumns}, values)).value();

  std::vector<float> streamed;
  const StreamedTensor rows = FloatRows("w", weight, {1, 0, -1});
  ASSERT_TRUE(rows.write([&](std::span<const std::byte> bytes) -> Result<void> {
    const auto* floats = reinterpret_cast<const float*>(bytes.data());
    streamed.insert(streamed.end(), floats, floats + bytes.size() / sizeof(float));
    return {};
  }));
  ASSERT_EQ(streamed.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(streamed[i], values[i] + 1 - static_cast<float>(i % kColumns)) << i;

  const Int8Matrix matrix = Int8Rows("w", weight).value();
  ASSERT_EQ(matrix.scales.size(), kRows);
  std::vector<int8_t> integers;
  ASSERT_TRUE(matrix.values.write([&](std::span<const std::byte> bytes) -> Result<void> {
    for (const std::byte byte : bytes) integers.push_back(static_cast<int8_t>(byte));
    return {};
  }));
  ASSERT_EQ(integers.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const float scale = matrix.scales[i / kColumns];
    ASSERT_NEAR(static_cast<float>(integers[i]) * scale, values[i], scale * 0.5001f) << i;
  }
}

}  // namespace
}  // namespace winnow

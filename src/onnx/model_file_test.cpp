#include "onnx/model_file.h"

#include <gmock/gmock.h>

#include <fstream>

#include "onnx/graph_builder.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

/// A tensor of `count` ascending floats that says it has `claimed`, written in pieces.
StreamedTensor Ascending(const std::string& name, int64_t count, int64_t claimed) {
  return {.name = name,
          .data_type = onnx::TensorProto::FLOAT,
          .dims = {claimed},
          .write = [count](const FileSink& sink) -> Result<void> {
            for (int64_t i = 0; i < count; ++i) {
              const float value = static_cast<float>(i);
              TRY(sink(std::as_bytes(std::span(&value, 1))));
            }
            return {};
          }};
}

TEST(OnnxFile, ReadsAsOneMessageWhateverTheSizes) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "model.onnx";
  // Lengths of one, two and three bytes as varints, and nothing at all.
  for (const int64_t count : {0, 1, 20, 31, 32, 33, 3000, 5000, 60000}) {
    GraphBuilder graph("test");
    graph.Ints("small", {1, 2, 3});
    graph.Streamed(Ascending("a", count, count));
    graph.Streamed(Ascending("b", 2, 2));
    const OnnxModel model = graph.Take();
    const Result<uint64_t> bytes = WriteOnnxModel(path, model, {});
    ASSERT_TRUE(bytes) << bytes.error().Text();
    EXPECT_EQ(*bytes, std::filesystem::file_size(path));
    EXPECT_EQ(*bytes, InlineBytes(model));
    onnx::ModelProto read;
    std::ifstream file(path, std::ios::binary);
    ASSERT_TRUE(read.ParseFromIstream(&file));
    EXPECT_EQ(read.ir_version(), 8);
    EXPECT_EQ(read.graph().name(), "test");
    ASSERT_EQ(read.graph().initializer_size(), 3);
    EXPECT_EQ(read.graph().initializer(1).name(), "a");
    EXPECT_EQ(read.graph().initializer(1).raw_data().size(), static_cast<size_t>(count) * sizeof(float));
    EXPECT_EQ(read.graph().initializer(2).raw_data(), std::string("\0\0\0\0\0\0\x80\x3f", 8));
  }
}

TEST(OnnxFile, FailsWhenATensorGivesAnotherNumberOfBytes) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "model.onnx";
  for (const int64_t count : {9, 11}) {
    for (const bool external : {false, true}) {
      GraphBuilder graph("test");
      graph.Streamed(Ascending("a", count, 10));
      const Result<uint64_t> result = WriteOnnxModel(path, graph.Take(), {.external_data = external});
      ASSERT_FALSE(result);
      EXPECT_THAT(result.error().message, HasSubstr("its shape requires 40"));
      EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
    }
  }
}

TEST(OnnxFile, SaysWhereItCannotWrite) {
  const TemporaryDirectory directory;
  GraphBuilder graph("test");
  const Result<uint64_t> result = WriteOnnxModel(directory.path() / "missing" / "model.onnx", graph.Take(), {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("missing/model.onnx"));
}

}  // namespace
}  // namespace winnow

#include "onnx/model_check.h"

#include <gmock/gmock.h>

#include "onnx/graph_builder.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

GraphBuilder Begun() {
  GraphBuilder graph("test");
  graph.Input("x", onnx::TensorProto::FLOAT, {"batch", int64_t{4}});
  graph.Output("y", onnx::TensorProto::FLOAT, {"batch", int64_t{2}});
  return graph;
}

StreamedTensor Matrix(int64_t rows, int64_t columns) {
  return {.name = "w", .data_type = onnx::TensorProto::FLOAT, .dims = {rows, columns}, .write = {}};
}

TEST(OnnxCheck, AcceptsAGoodGraph) {
  GraphBuilder graph = Begun();
  graph.Node("MatMul", "y", {"x", graph.Streamed(Matrix(4, 2))});
  const Result<void> result = CheckOnnxModel(graph.Take());
  EXPECT_TRUE(result) << result.error().Text();
}

TEST(OnnxCheck, RefusesOperatorsThatDoNotExist) {
  GraphBuilder graph = Begun();
  graph.Node("MatMull", "y", {"x", graph.Streamed(Matrix(4, 2))});
  const Result<void> result = CheckOnnxModel(graph.Take());
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("MatMull"));
}

TEST(OnnxCheck, RefusesInputsThatNobodyMakes) {
  GraphBuilder graph = Begun();
  graph.Node("MatMul", "y", {"x", "w"});
  const Result<void> result = CheckOnnxModel(graph.Take());
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("'w'"));
}

TEST(OnnxCheck, RefusesShapesThatDoNotFit) {
  GraphBuilder inside = Begun();
  inside.Node("MatMul", "y", {"x", inside.Streamed(Matrix(5, 2))});
  EXPECT_FALSE(CheckOnnxModel(inside.Take()));
  GraphBuilder output = Begun();
  output.Node("MatMul", "y", {"x", output.Streamed(Matrix(4, 3))});
  EXPECT_FALSE(CheckOnnxModel(output.Take()));
}

}  // namespace
}  // namespace winnow

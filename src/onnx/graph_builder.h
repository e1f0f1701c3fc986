/// Puts an ONNX graph together, a node at a time: each call appends a node and returns the name of its output.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "onnx/model_file.h"

namespace winnow {

using OnnxAttribute = std::pair<std::string, std::variant<int64_t, float, std::vector<int64_t>>>;

class GraphBuilder {
 public:
  /// An empty model: IR version 8, operators of version 17.
  explicit GraphBuilder(const std::string& graph_name);

  /// A dimension is a number or, where it varies, a name: {"batch", "sequence"}.
  using Dims = std::vector<std::variant<int64_t, std::string>>;
  void Input(const std::string& name, int32_t data_type, const Dims& dims);
  void Output(const std::string& name, int32_t data_type, const Dims& dims);
  /// States the shape of a node's output, where it can't be inferred.
  void Shape(const std::string& name, int32_t data_type, const Dims& dims);

  /// The node and its first output are called `name`; further outputs `name`:1, `name`:2.
  std::string Node(std::string_view op, const std::string& name, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {}, int outputs = 1);

  /// Small initializers, kept in memory. A name that is there already is not made again: shared constants.
  std::string Floats(const std::string& name, const std::vector<int64_t>& dims, std::span<const float> values);
  std::string Scalar(const std::string& name, float value) { return Floats(name, {}, {&value, 1}); }
  std::string Ints(const std::string& name, const std::vector<int64_t>& values);
  /// A large one.
  std::string Streamed(StreamedTensor tensor);

  /// The model; the builder is empty then.
  OnnxModel Take() { return std::move(model_); }

 private:
  bool IsKnown(const std::string& name);

  OnnxModel model_;
  std::set<std::string> initializers_;  // names
};

}  // namespace winnow

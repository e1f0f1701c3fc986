/// Construction of an ONNX graph, one node at a time: each call appends a node and returns the name of its output.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/variant.h"
#include "onnx/model_file.h"

namespace winnow {

using OnnxAttribute =
    std::pair<std::string,
              Variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, std::vector<std::string>>>;

class GraphBuilder {
 public:
  /// Creates an empty model: IR version 8, operators of version 17.
  explicit GraphBuilder(const std::string& graph_name);

  /// Dimensions: each is a number or, if it varies, a name: {"batch", "sequence"}.
  using Dims = std::vector<Variant<int64_t, std::string>>;
  void Input(const std::string& name, int32_t data_type, const Dims& dims);
  void Output(const std::string& name, int32_t data_type, const Dims& dims);
  /// States the shape of a node's output that cannot be inferred.
  void Shape(const std::string& name, int32_t data_type, const Dims& dims);

  /// Allows operators of another domain than ONNX's own, such as ai.onnx.ml.
  void UseDomain(const std::string& domain, int64_t version);

  /// Appends a node. The node and its first output have the name `name`; further outputs are `name`:1, `name`:2. `op`
  /// may begin with a domain: "ai.onnx.ml.Normalizer".
  std::string Node(std::string_view op, const std::string& name, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {}, int outputs = 1);

  /// The functions below add small initializers, which are kept in memory. A name that exists already is not added
  /// again, so that constants can be shared.
  std::string Floats(const std::string& name, const std::vector<int64_t>& dims, std::span<const float> values);
  std::string Scalar(const std::string& name, float value) { return Floats(name, {}, {&value, 1}); }
  std::string Ints(const std::string& name, const std::vector<int64_t>& values);
  std::string Int(const std::string& name, int64_t value);  ///< adds a scalar
  std::string Strings(const std::string& name, const std::vector<std::string>& values);
  /// A large one.
  std::string Streamed(StreamedTensor tensor);

  /// Adds a large initializer, whose values are made while the model is written.
  void Property(const std::string& key, const std::string& value);

  /// Returns the model; the builder is empty afterwards.
  OnnxModel Take() { return std::move(model_); }

 private:
  bool IsKnown(const std::string& name);

  OnnxModel model_;
  std::set<std::string> initializers_;  // names
};

}  // namespace winnow

/// Reading the nodes and constants of an ONNX graph that anybody may have written: sizes are checked, and errors name
/// the node.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// A node's attribute, or null.
const onnx::AttributeProto* FindAttribute(const onnx::NodeProto& node, std::string_view name);
int64_t IntOf(const onnx::NodeProto& node, std::string_view name, int64_t otherwise);
std::string TextOf(const onnx::NodeProto& node, std::string_view name, const char* otherwise);

/// "TfIdfVectorizer", "ai.onnx.ml.Normalizer".
std::string OperatorOf(const onnx::NodeProto& node);

/// Names and patterns of a file, for messages: at most some 60 characters, all of them printable.
std::string Shown(std::string_view text);

/// A graph's constants, and its errors. The model must outlive it.
class GraphReader {
 public:
  GraphReader(const onnx::GraphProto& graph, std::string_view where);

  /// kInvalidModel, and kUnsupported with what can be imported.
  std::unexpected<Error> Wrong(const std::string& what) const;
  std::unexpected<Error> Unsupported(const std::string& what) const;
  /// Return an error whose message names the node.
  std::unexpected<Error> Broken(const onnx::NodeProto& node, const std::string& why) const;
  std::unexpected<Error> Refuse(const onnx::NodeProto& node, const std::string& why = "is not supported") const;

  bool IsConstant(const std::string& name) const { return constants_.contains(name); }
  void AddConstant(const std::string& name, const onnx::TensorProto& tensor) { constants_[name] = &tensor; }

  /// A node's input that is a constant of this type. Errors: kUnsupported where it is none.
  Result<const onnx::TensorProto*> ConstantOf(const onnx::NodeProto& node, int input, int32_t type) const;
  /// Its values, which are as many as its shape says. `dims` are its shape. Errors: kUnsupported, kInvalidModel.
  Result<std::vector<float>> Floats(const onnx::NodeProto& node, int input, std::vector<int64_t>* dims = nullptr) const;
  /// A few numbers, such as a shape.
  Result<std::vector<int64_t>> Ints(const onnx::NodeProto& node, int input) const;
  /// Whether it is a single 1.
  bool IsOne(const onnx::NodeProto& node, int input) const;

 private:
  std::string where_;
  std::map<std::string, const onnx::TensorProto*> constants_;
};

}  // namespace winnow

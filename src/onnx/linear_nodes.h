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

/// Returns a node's attribute, or null.
const onnx::AttributeProto* FindAttribute(const onnx::NodeProto& node, std::string_view name);
int64_t IntOf(const onnx::NodeProto& node, std::string_view name, int64_t otherwise);
std::string TextOf(const onnx::NodeProto& node, std::string_view name, const char* otherwise);

/// Returns the name of the operator: "TfIdfVectorizer", "ai.onnx.ml.Normalizer".
std::string OperatorOf(const onnx::NodeProto& node);

/// Returns names and patterns of a file for messages: about 60 characters at most, all of them printable.
std::string Shown(std::string_view text);

inline constexpr char kNotSupported[] = "is not supported";

/// The constants of a graph, and errors about it. The model must outlive the reader.
class GraphReader {
 public:
  GraphReader(const onnx::GraphProto& graph, std::string_view where);

  /// Return an error: kInvalidModel, or kUnsupported with the models that can be imported.
  std::unexpected<Error> Wrong(const std::string& what) const;
  std::unexpected<Error> Unsupported(const std::string& what) const;
  /// Returns an error: kUnsupported, with what to do with a transformer.
  std::unexpected<Error> Transformer() const;
  /// Return an error whose message names the node; Refuse also names the scikit-learn class that it probably is, unless
  /// `why` says more.
  std::unexpected<Error> Broken(const onnx::NodeProto& node, const std::string& why) const;
  std::unexpected<Error> Refuse(const onnx::NodeProto& node, const std::string& why = kNotSupported) const;

  bool IsConstant(const std::string& name) const { return constants_.contains(name); }
  void AddConstant(const std::string& name, const onnx::TensorProto& tensor) { constants_[name] = &tensor; }

  /// Returns a node's input that is a constant of this type. Errors: kUnsupported if it is not.
  Result<const onnx::TensorProto*> ConstantOf(const onnx::NodeProto& node, int input, int32_t type) const;
  /// Returns the values of a constant input, whose number matches its shape; `dims`, unless null, receives the shape.
  /// Errors: kUnsupported, kInvalidModel.
  Result<std::vector<float>> Floats(const onnx::NodeProto& node, int input, std::vector<int64_t>* dims = nullptr) const;
  /// Returns a few whole numbers of a constant input, such as a shape.
  Result<std::vector<int64_t>> Ints(const onnx::NodeProto& node, int input) const;
  /// Returns true if the input is the constant 1.
  bool IsOne(const onnx::NodeProto& node, int input) const;

 private:
  std::string where_;
  std::map<std::string, const onnx::TensorProto*> constants_;
};

}  // namespace winnow

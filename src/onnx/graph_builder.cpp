#include "onnx/graph_builder.h"

#include <fmt/format.h>

namespace winnow {
namespace {

constexpr int64_t kIrVersion = 8;  // that of onnx 1.12, which brought the operators of version 17
constexpr int64_t kOpset = 17;

void Describe(const std::string& name, int32_t data_type, const GraphBuilder::Dims& dims, onnx::ValueInfoProto& info) {
  info.set_name(name);
  onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(data_type);
  onnx::TensorShapeProto& shape = *type.mutable_shape();
  for (const auto& dim : dims) {
    if (const auto* value = std::get_if<int64_t>(&dim)) {
      shape.add_dim()->set_dim_value(*value);
    } else {
      shape.add_dim()->set_dim_param(std::get<std::string>(dim));
    }
  }
}

}  // namespace

GraphBuilder::GraphBuilder(const std::string& graph_name) {
  model_.proto.set_ir_version(kIrVersion);
  model_.proto.set_producer_name("winnow");
  model_.proto.set_producer_version(WINNOW_VERSION);
  onnx::OperatorSetIdProto& opset = *model_.proto.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  model_.proto.mutable_graph()->set_name(graph_name);
}

void GraphBuilder::UseDomain(const std::string& domain, int64_t version) {
  onnx::OperatorSetIdProto& opset = *model_.proto.add_opset_import();
  opset.set_domain(domain);
  opset.set_version(version);
}

void GraphBuilder::Property(const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto& property = *model_.proto.add_metadata_props();
  property.set_key(key);
  property.set_value(value);
}

void GraphBuilder::Input(const std::string& name, int32_t data_type, const Dims& dims) {
  Describe(name, data_type, dims, *model_.proto.mutable_graph()->add_input());
}

void GraphBuilder::Output(const std::string& name, int32_t data_type, const Dims& dims) {
  Describe(name, data_type, dims, *model_.proto.mutable_graph()->add_output());
}

void GraphBuilder::Shape(const std::string& name, int32_t data_type, const Dims& dims) {
  Describe(name, data_type, dims, *model_.proto.mutable_graph()->add_value_info());
}

std::string GraphBuilder::Node(std::string_view op, const std::string& name, const std::vector<std::string>& inputs,
                               const std::vector<OnnxAttribute>& attributes, int outputs) {
  onnx::NodeProto& node = *model_.proto.mutable_graph()->add_node();
  if (const size_t dot = op.rfind('.'); dot != std::string_view::npos) {
    node.set_domain(std::string(op.substr(0, dot)));
    op.remove_prefix(dot + 1);
  }
  node.set_op_type(std::string(op));
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(name);
  for (int i = 1; i < outputs; ++i) node.add_output(fmt::format("{}:{}", name, i));
  for (const auto& [key, value] : attributes) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(key);
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(*integer);
    } else if (const auto* real = std::get_if<float>(&value)) {
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(*real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      attribute.set_type(onnx::AttributeProto::STRING);
      attribute.set_s(*text);
    } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) {
      attribute.set_type(onnx::AttributeProto::INTS);
      attribute.mutable_ints()->Add(integers->begin(), integers->end());
    } else if (const auto* reals = std::get_if<std::vector<float>>(&value)) {
      attribute.set_type(onnx::AttributeProto::FLOATS);
      attribute.mutable_floats()->Add(reals->begin(), reals->end());
    } else {
      attribute.set_type(onnx::AttributeProto::STRINGS);
      for (const std::string& each : std::get<std::vector<std::string>>(value)) attribute.add_strings(each);
    }
  }
  return name;
}

bool GraphBuilder::IsKnown(const std::string& name) { return !initializers_.insert(name).second; }

std::string GraphBuilder::Floats(const std::string& name, const std::vector<int64_t>& dims,
                                 std::span<const float> values) {
  if (IsKnown(name)) return name;
  onnx::TensorProto& tensor = *model_.proto.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size_bytes());
  return name;
}

std::string GraphBuilder::Ints(const std::string& name, const std::vector<int64_t>& values) {
  if (IsKnown(name)) return name;
  onnx::TensorProto& tensor = *model_.proto.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  tensor.set_raw_data(values.data(), values.size() * sizeof(int64_t));
  return name;
}

std::string GraphBuilder::Int(const std::string& name, int64_t value) {
  if (IsKnown(name)) return name;
  onnx::TensorProto& tensor = *model_.proto.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.set_raw_data(&value, sizeof value);
  return name;
}

std::string GraphBuilder::Strings(const std::string& name, const std::vector<std::string>& values) {
  if (IsKnown(name)) return name;
  onnx::TensorProto& tensor = *model_.proto.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::STRING);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const std::string& value : values) tensor.add_string_data(value);
  return name;
}

std::string GraphBuilder::Streamed(StreamedTensor tensor) {
  model_.tensors.push_back(std::move(tensor));
  return model_.tensors.back().name;
}

}  // namespace winnow

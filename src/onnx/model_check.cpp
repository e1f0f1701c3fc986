#include "onnx/model_check.h"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

namespace winnow {

Result<void> CheckOnnxModel(const OnnxModel& model) {
  onnx::ModelProto proto = model.proto;
  for (const StreamedTensor& tensor : model.tensors) {
    onnx::TensorProto& initializer = *proto.mutable_graph()->add_initializer();
    initializer.set_name(tensor.name);
    initializer.set_data_type(tensor.data_type);
    for (const int64_t dim : tensor.dims) initializer.add_dims(dim);
    initializer.set_raw_data("-");  // the checker asks for data, and doesn't count them
  }
  try {
    onnx::checker::check_model(proto);
    // Also throws where a node's inferred shape can't be that of a declared output.
    onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(),
                                       onnx::ShapeInferenceOptions(/*check_type=*/true, /*error mode=*/1,
                                                                   /*data_prop=*/true));
  } catch (const std::exception& exception) {
    return Fail(ErrorCode::kInternal, fmt::format("onnx's checker refuses the model: {}", exception.what()),
                "please report this, with the model's config.json");
  }
  return {};
}

}  // namespace winnow

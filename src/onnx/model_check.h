/// The ONNX project's own checks of a model.
#pragma once

#include "base/result.h"
#include "onnx/model_file.h"

namespace winnow {

/// onnx::checker (every node is a known operator with the inputs and attributes that it takes, and every name is
/// defined once and before its use) and strict shape inference, whose shapes must agree with those of the outputs that
/// the graph declares. The streamed tensors' values are not looked at. Errors: kInternal with the checker's own words.
Result<void> CheckOnnxModel(const OnnxModel& model);

}  // namespace winnow

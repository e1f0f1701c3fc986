/// Checks of a model by the ONNX project's own code.
#pragma once

#include "base/result.h"
#include "onnx/model_file.h"

namespace winnow {

/// Runs onnx::checker (every node is a known operator with valid inputs and attributes, and every name is defined once
/// and before its use) and strict shape inference, whose shapes must agree with those of the declared outputs. The
/// values of streamed tensors are not examined. Errors: kInternal with the checker's message.
Result<void> CheckOnnxModel(const OnnxModel& model);

}  // namespace winnow

/// ModernBERT (Warner et al. 2024, arXiv:2412.13663) with a classification head as an ONNX graph.
#pragma once

#include "base/result.h"
#include "onnx/encoder_graph.h"

namespace winnow {

/// As BuildEncoderGraph, for a config of ModernBERT with labels.
Result<OnnxModel> BuildModernBertGraph(const WeightFile& checkpoint, const ModelConfig& config,
                                       const EncoderGraphOptions& options);

}  // namespace winnow

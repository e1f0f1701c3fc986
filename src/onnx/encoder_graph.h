/// An encoder (BERT, DistilBERT, RoBERTa, ELECTRA, DeBERTa, ALBERT, MPNet, ModernBERT) with a classification head as an
/// ONNX graph of standard operators.
#pragma once

#include <vector>

#include "base/result.h"
#include "bundle/model_config.h"
#include "onnx/model_file.h"
#include "onnx/weight_file.h"

namespace winnow {

struct EncoderGraphOptions {
  bool int8 = false;         ///< dynamic quantization: weights per output channel, embeddings per row
  bool token_types = false;  ///< true for a third input, token_type_ids; otherwise all tokens are of type 0
  /// Temperatures by which the classifier's weights are divided, one per label, so that the logits are; empty: none.
  std::vector<double> temperatures = {};
};

/// Builds the graph. Inputs are input_ids and attention_mask (1 for a token, 0 for padding), int64 [batch, sequence],
/// and token_type_ids of that shape if requested; the output is logits, float [batch, labels]. Both dimensions vary; a
/// sequence has at most MaxTokens(config) tokens. Errors: kInvalidModel for missing tensors, other shapes, a model
/// without labels, temperatures that make the weights infinite, and NaN (with int8 in this function, otherwise while
/// the values are written); kUnsupported for token types if the model has none.
Result<OnnxModel> BuildEncoderGraph(const WeightFile& checkpoint, const ModelConfig& config,
                                    const EncoderGraphOptions& options);

}  // namespace winnow

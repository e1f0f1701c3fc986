/// An encoder (BERT, DistilBERT, RoBERTa, ELECTRA, DeBERTa, ALBERT, MPNet, ModernBERT) with a classification head as an ONNX graph of standard
/// operators.
#pragma once

#include "base/result.h"
#include "bundle/model_config.h"
#include "onnx/model_file.h"
#include "onnx/weight_file.h"

namespace winnow {

struct EncoderGraphOptions {
  bool int8 = false;         ///< dynamic quantisation: weights per output channel, embeddings per row
  bool token_types = false;  ///< the third input token_type_ids; otherwise all tokens are of type 0
};

/// Inputs are input_ids and attention_mask (1 for a token, 0 for padding), int64 [batch, sequence], and token_type_ids
/// alike where asked for; the output is logits, float [batch, labels]. Both dimensions vary; a sequence is at most
/// MaxTokens(config) long. Errors: kInvalidModel for missing tensors, other shapes, a model without labels, and
/// (int8, which reads the values here; else when they are written) NaN; kUnsupported for token types in a model
/// without.
Result<OnnxModel> BuildEncoderGraph(const WeightFile& checkpoint, const ModelConfig& config,
                                    const EncoderGraphOptions& options);

}  // namespace winnow

/// Quantization of a bundle's weights, with an accuracy gate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "encoder/quantized_model.h"
#include "evaluate/metrics.h"

namespace winnow {

struct QuantizeOptions {
  double max_drop = .005;  ///< largest accepted drop of accuracy and of macro-F1 on the held-out texts
  /// Receives a sentence for people about each step.
  std::function<void(const std::string&)> note = {};
};

struct QuantizeReport {
  Metrics before, after;        ///< metrics of the float and of the final quantized weights, on the same texts
  double agreement = 0;         ///< share of texts that get the same labels from both
  QuantizationPlan plan;        ///< the parts that stay bf16
  int64_t float_bytes = 0;      ///< size of model.safetensors
  int64_t quantized_bytes = 0;  ///< size of model_int8.safetensors

  double accuracy_drop() const { return before.accuracy - after.accuracy; }
  double f1_drop() const { return before.f1_macro - after.f1_macro; }
};

/// Makes `out`/model_int8.safetensors from `bundle`'s float weights, measured on `held_out`, which must not have been
/// used for training. If INT8 loses more than max_drop, the parts whose quantization changes the logits most (layers,
/// and the token embeddings) become bf16, one after the other, until the drop is small enough. Errors: kInvalidModel
/// and kIo of reading and writing; kInvalidData if there are no texts, or with the numbers if even bf16 loses too much
/// (then no file is left).
Result<QuantizeReport> QuantizeWeights(const std::filesystem::path& bundle, const std::filesystem::path& out,
                                       const Dataset& held_out, const QuantizeOptions& options, ThreadPool& pool);

}  // namespace winnow

/// A bundle's weights as bytes, as long as its answers stay as good.
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
  double max_drop = .005;  ///< of accuracy and of macro-F1, each: what may be lost on the held-out texts
  /// Told about each step, a sentence for people.
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

/// Makes `out`/model_int8.safetensors from `bundle`'s float weights, measured on `held_out`, which training has not
/// seen. If bytes lose more than max_drop, the parts whose bytes change the logits most (a layer each, and the token
/// embeddings) become bf16, one after the other, until the drop is small enough. Errors: kInvalidModel and kIo of
/// reading and writing; kInvalidData when there are no texts, or with the numbers when even bf16 loses too much
/// (then no file is left).
Result<QuantizeReport> QuantizeWeights(const std::filesystem::path& bundle, const std::filesystem::path& out,
                                       const Dataset& held_out, const QuantizeOptions& options, ThreadPool& pool);

}  // namespace winnow

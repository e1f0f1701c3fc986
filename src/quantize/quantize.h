/// Quantization of a bundle's weights, with an accuracy gate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
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
  /// True for 4 bits per weight (bundle/int4_rows.h); parts that lose too much become INT8. False for INT8; parts that
  /// lose too much become bf16.
  bool int4 = false;
  /// The metrics that the drop is measured from; empty: those of the bundle's float weights.
  std::optional<Metrics> before = {};
  /// Receives a sentence for people about each step.
  std::function<void(const std::string&)> note = {};
};

/// A model on the way from the float weights to smaller ones.
struct QuantizationStep {
  std::string name;   ///< "float", "8000 tokens", "INT8", "4 bits"
  int64_t bytes = 0;  ///< size of the file of weights
  Metrics metrics;    ///< on the held-out texts
};

struct QuantizeReport {
  Metrics before, after;        ///< metrics of the float and of the final quantized weights, on one set of texts
  double agreement = 0;         ///< share of texts that get the same labels from both
  QuantizationPlan plan;        ///< the parts that have more bits
  int64_t float_bytes = 0;      ///< size of model.safetensors
  int64_t quantized_bytes = 0;  ///< size of model_int8.safetensors
  std::vector<QuantizationStep> steps = {};  ///< the cost of each step, for a bundle for browsers

  double accuracy_drop() const { return before.accuracy - after.accuracy; }
  double f1_drop() const { return before.f1_macro - after.f1_macro; }
  /// Whether neither drop is larger than `max_drop`. A drop of exactly `max_drop` is not, although the difference of
  /// two doubles may exceed it: 1 - 0.995 > 0.005.
  bool Holds(double max_drop) const {
    constexpr double kRounding = 1e-9;
    return accuracy_drop() <= max_drop + kRounding && f1_drop() <= max_drop + kRounding;
  }
};

/// Makes `out`/model_int8.safetensors from `bundle`'s float weights, measured on `held_out`, which must not have been
/// used for training. If INT8 loses more than max_drop, the parts whose quantization changes the logits most (layers,
/// and the token embeddings) become bf16, one after the other, until the drop is small enough; with 4 bits per weight,
/// they become INT8. Errors: kInvalidModel and kIo of reading and writing; kInvalidData if there are no texts, or with
/// the numbers if too much is lost even so (then no file is left).
Result<QuantizeReport> QuantizeWeights(const std::filesystem::path& bundle, const std::filesystem::path& out,
                                       const Dataset& held_out, const QuantizeOptions& options, ThreadPool& pool);

/// Returns the metrics of the bundle's float weights, as QuantizeWeights measures them. Errors: as there.
Result<Metrics> MeasureFloatWeights(const std::filesystem::path& bundle, const Dataset& held_out, ThreadPool& pool);

}  // namespace winnow

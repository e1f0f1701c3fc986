/// A bundle with INT8 weights, in place or in a directory of its own: what `winnow quantize` does.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "pipeline/training_observer.h"
#include "quantize/quantize.h"

namespace winnow {

struct QuantizePlan {
  std::filesystem::path bundle{};
  std::optional<std::filesystem::path> output{};  ///< empty: in place, beside the float weights
  std::vector<std::filesystem::path> data{};      ///< labelled held-out texts; empty: the bundle's calibration set
  double max_drop = QuantizeOptions{}.max_drop;
  bool overwrite = false;
};

struct QuantizedBundle {
  QuantizeReport report;
  std::filesystem::path target;
  bool guaranteed = false;  ///< thresholds, abstention or a scope hold for the scores of the float weights
};

/// Quantizes, and notes each step. The bundle at the target is the former one or the new one at every moment. Errors:
/// QuantizeWeights'; kInvalidArgument for a directory without winnow.json in place; kUnsupported for a linear model;
/// those of reading the texts; kCancelled.
Result<QuantizedBundle> QuantizeBundle(const QuantizePlan& plan, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow

/// Quantization of a bundle, in place or to another directory, for `winnow quantize`.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/model_version.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "quantize/quantize.h"

namespace winnow {

/// Where a quantized model is to run.
enum class QuantizeTarget {
  kServer,   ///< INT8 weights
  kBrowser,  ///< a vocabulary of the pieces in use, positions for the model's maximum length, 4 bits per weight
};

struct QuantizePlan {
  std::filesystem::path bundle{};
  /// Directory of the quantized bundle; empty: in place, beside the float weights.
  std::optional<std::filesystem::path> output{};
  std::vector<std::filesystem::path> data{};  ///< labelled held-out texts; empty: the bundle's calibration set
  ReadingOptions reading{};                   ///< how `data` is read; template, labels and label map are the bundle's
  QuantizeTarget target = QuantizeTarget::kServer;
  /// For a browser's bundle: labelled texts that the model was trained on, whose words its vocabulary keeps; empty: the
  /// held-out texts.
  std::vector<std::filesystem::path> train_data{};
  int vocabulary = 8000;  ///< largest number of tokens of a browser's bundle
  /// Largest accepted drop of accuracy and of macro-F1; empty: .005, and .01 for browsers.
  std::optional<double> max_drop{};
  /// Version of the quantized model: by default the next patch version if its predictions change or it is a copy.
  VersionPlan version{};
  bool keep_data = false;  ///< keep the calibration set in a bundle that is written to `output`
  bool overwrite = false;
};

struct QuantizedBundle {
  QuantizeReport report;
  std::filesystem::path target;
  /// True if the bundle has guarantees (thresholds, abstention or a scope rule) that refer to the scores of other
  /// weights than the new ones.
  bool guaranteed = false;
};

/// Quantizes a bundle, and notes each step. At every moment, the bundle at the target is either the former or the new
/// one. Errors: QuantizeWeights'; kInvalidArgument for a directory without winnow.json in place, for an output that
/// is the bundle, for a browser's bundle without an output, and for a version; kUnsupported for a linear model; those
/// of reading the texts; kCancelled.
Result<QuantizedBundle> QuantizeBundle(const QuantizePlan& plan, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow

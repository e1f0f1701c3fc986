/// Calibration of a bundle, in place or to another directory, for `winnow calibrate` and `winnow train --quantize`.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/manifest.h"
#include "bundle/model_version.h"
#include "calibrate/calibration_options.h"
#include "calibrate/calibrator.h"
#include "calibrate/scope.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// What to do about out-of-scope texts. Its confidence is that of the calibration.
struct ScopePlan {
  std::vector<std::filesystem::path> outside;  ///< files of out-of-scope texts
  bool in_scope_only = false;                  ///< choose a rule without out-of-scope texts
  ScopeOptions choice;
  bool remove = false;  ///< remove the rule of the bundle

  /// Returns true if a rule is chosen.
  bool chosen() const { return !outside.empty() || in_scope_only; }
};

struct CalibratePlan {
  std::filesystem::path bundle{};
  /// Directory of the calibrated bundle; empty: in place.
  std::optional<std::filesystem::path> output{};
  std::vector<std::filesystem::path> data{};  ///< labelled held-out texts; empty: the bundle's calibration set
  ReadingOptions reading{};                   ///< how `data` are read
  CalibrationOptions calibration{};
  ScopePlan scope{};
  Weights weights = Weights::kAuto;
  /// Version of the calibrated model: by default the next patch version if its predictions change or it is a copy.
  VersionPlan version{};
  bool keep_data = false;  ///< keep the calibration set in a bundle that is written to `output`
  /// The threshold of the moderate mode, in place of a guarantee (ThresholdsAround).
  std::optional<double> threshold{};
  bool reset = false;  ///< begin with the default thresholds and without abstention
  bool force = false;  ///< accept texts that the model was apparently trained on
  bool overwrite = false;
  bool dry_run = false;  ///< write nothing
};

struct CalibratedBundle {
  std::filesystem::path target;
  Manifest manifest;  ///< with the new calibration, thresholds and abstention
  CalibrationResult calibration;
  std::optional<ScopeFit> scope;  ///< if a rule was chosen
};

/// Calibrates a bundle, and notes each step. At every moment, the bundle at the target is either the former or the new
/// one. ONNX files that contain the former temperature are exported again. Errors: kInvalidArgument for a directory
/// without winnow.json in place, for an output that is the bundle, and for a version; kInvalidData for texts that the
/// model was apparently trained on; those of reading, classifying and writing; Calibrator's; CalibrateScope's;
/// kCancelled.
Result<CalibratedBundle> CalibrateBundle(const CalibratePlan& plan, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow

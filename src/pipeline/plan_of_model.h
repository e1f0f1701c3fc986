/// The configuration that a bundle was trained with, as a training plan.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/result.h"
#include "bundle/manifest.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Returns the plan of a bundle's training: base model, hyperparameters and lengths from training_info.json, dropout
/// from config.json; template, positive label and tuned thresholds from the manifest; the validation part has the share
/// of the texts that it had. Data, labels and output keep their defaults. Errors: ReadManifest's, ReadModelConfig's;
/// kNotFound without training_info.json; kInvalidModel for values that no plan has.
Result<TrainingPlan> PlanOfModel(const std::filesystem::path& bundle);

/// Returns the plan of the calibration that the bundle has now, whether its training or `winnow calibrate` made it: the
/// method, the guarantee of the thresholds, and whether they are tuned.
CalibrationPlan CalibrationPlanOf(const Manifest& manifest);

/// Returns what a plan asks for where hyperparameters only say what became of it with the data: the sizes of the parts,
/// values that depend on the data unless they are given (null: not given), and the choice of a calibration. It is the
/// member "configuration" of training_info.json.
Json ConfigurationOf(const TrainingPlan& plan);

/// Returns the plan that makes of other data what the training of the bundle would have made of them: PlanOfModel's, in
/// which what was chosen by the data is chosen again. A bundle of an older version, without a configuration, keeps such
/// values; `exact` is then false. Errors: those of PlanOfModel; kInvalidModel for a configuration that is not valid.
struct RetrainingPlan {
  TrainingPlan plan;
  bool exact = true;
};
Result<RetrainingPlan> RetrainingPlanOf(const std::filesystem::path& bundle);

}  // namespace winnow

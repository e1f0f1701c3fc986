/// The configuration that a bundle was trained with, as a training plan.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Returns the plan of a bundle's training: base model, hyperparameters and lengths from training_info.json, dropout
/// from config.json; template, positive label and tuned thresholds from the manifest; the validation part has the share
/// of the texts that it had. Data, labels and output keep their defaults. Errors: ReadManifest's, ReadModelConfig's;
/// kNotFound without training_info.json; kInvalidModel for values that no plan has.
Result<TrainingPlan> PlanOfModel(const std::filesystem::path& bundle);

}  // namespace winnow

/// How a bundle was trained, as the options that would train it again.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "cli/train_options.h"

namespace winnow {

/// Base model, hyperparameters and lengths from training_info.json, dropout from config.json, template, positive label
/// and tuned thresholds from the manifest; the part of the texts that validates is as large as it was. Data, labels and
/// output are not in it. Errors: ReadManifest's, ReadModelConfig's; kNotFound without training_info.json; kInvalidModel
/// when its values are none that `winnow train` takes.
Result<TrainCommandOptions> RecipeOf(const std::filesystem::path& bundle);

}  // namespace winnow

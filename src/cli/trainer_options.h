/// What `winnow train` was told, as the trainer takes it.
#pragma once

#include "base/json.h"
#include "cli/train_options.h"
#include "train/trainer.h"

namespace winnow {

/// Errors: kInvalidArgument for layers that the model hasn't, kUnsupported for products that the CPU hasn't.
Result<TrainerOptions> ToTrainerOptions(const TrainCommandOptions& options, const TextSet& train, int num_layers,
                                        int32_t positive_label);

/// Early stopping looks at evaluations: it must not be off because there are too few. Errors: kInvalidArgument.
Result<void> RequireEvaluations(const TrainCommandOptions& options, const TrainerOptions& trainer, int total_steps);

/// For training_info.json, and for the identity of a run.
Json Hyperparameters(const TrainCommandOptions& options, const TrainerOptions& trainer, int max_length);

}  // namespace winnow

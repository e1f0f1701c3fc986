/// A plan, as the trainer takes it.
#pragma once

#include "base/json.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "train/trainer.h"

namespace winnow {

/// Errors: kInvalidArgument for layers that the model hasn't, kUnsupported for products that the CPU hasn't.
Result<TrainerOptions> ToTrainerOptions(const TrainingPlan& plan, const TextSet& train, int num_layers,
                                        int32_t positive_label, TrainingObserver& observer);

/// Early stopping looks at evaluations: it must not be off because there are too few. Errors: kInvalidArgument.
Result<void> RequireEvaluations(const TrainerPlan& plan, const TrainerOptions& trainer, int total_steps,
                                TrainingObserver& observer);

/// For training_info.json, and for the identity of a run.
Json Hyperparameters(const TrainingPlan& plan, const TrainerOptions& trainer, int max_length);

}  // namespace winnow

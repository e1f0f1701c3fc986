/// Conversion of a plan to the options of the trainer.
#pragma once

#include "base/json.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "train/trainer.h"

namespace winnow {

/// Returns the precision of the matrix products: the fastest one if the plan leaves it open, but a training that is
/// resumed keeps its checkpoint's. Errors: kUnsupported for products that the CPU does not have.
Result<Precision> PrecisionOf(const TrainingPlan& plan, TrainingObserver& observer);

/// Returns the trainer's options. Errors: kInvalidArgument for layers that the model does not have, kUnsupported for
/// products that the CPU does not have.
Result<TrainerOptions> ToTrainerOptions(const TrainingPlan& plan, const TextSet& train, int num_layers,
                                        int32_t positive_label, TrainingObserver& observer);

/// Returns the hyperparameters for training_info.json and for the identity of a run.
Json Hyperparameters(const TrainingPlan& plan, const TrainerOptions& trainer, int max_length);

}  // namespace winnow

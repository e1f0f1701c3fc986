/// How long a training of a transformer takes, in steps: epochs, evaluations and warm-up, adapted to small data.
#pragma once

#include "base/result.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "train/text_set.h"
#include "train/trainer.h"

namespace winnow {

/// Sets epochs and max_steps of `trainer`, whose other options are set. `usual_epochs` is the number of epochs for
/// large data if the plan has none; for a few hundred texts there are more, up to 20, so that there are 200 steps.
/// Values that a preset set for data of the usual size (TrainerPlan::Scaled) are adapted, each with a note: more epochs
/// likewise; and evaluations, checkpoints and a warm-up whose steps are more than a fifth of the run become ten
/// evaluations, or a tenth of the run. Errors: kInvalidArgument for more than a thousand million steps.
Result<void> SetDuration(const TrainerPlan& plan, int usual_epochs, const TextSet& train, TrainerOptions& trainer,
                         TrainingObserver& observer);

/// Warns of a warm-up that takes the whole run, and of a learning rate that is probably a mistake. `head_alone` is true
/// if only the classification head is trained.
void WarnOfLearningRate(const TrainerOptions& trainer, int total_steps, bool head_alone, TrainingObserver& observer);

/// Checks that there are enough evaluations for early stopping, which has no effect otherwise. Errors:
/// kInvalidArgument.
Result<void> RequireEvaluations(const TrainerPlan& plan, const TrainerOptions& trainer, int total_steps,
                                TrainingObserver& observer);

}  // namespace winnow

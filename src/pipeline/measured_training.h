/// Trainings of which only the metrics are kept: those of cross-validation and of learning curves.
#pragma once

#include <string>

#include "base/result.h"
#include "base/threads.h"
#include "pipeline/train.h"

namespace winnow {

/// Prepares a plan for several trainings: downloads the base model, and chooses the precision. Errors: PullBaseModel's.
Result<TrainingPlan> PrepareToMeasure(TrainingPlan plan, TrainingObserver& observer);

/// Trains by a prepared plan. Notes of the training become details; its progress goes to the observer. Errors: Train's,
/// preceded by `what` ("fold 2 of 5").
Result<TrainedModel> TrainAndMeasure(const TrainingPlan& plan, const Split& split, const std::string& what,
                                     ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow

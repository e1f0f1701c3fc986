/// Trainings of which only the figures stay: cross-validation's and the learning curve's.
#pragma once

#include <string>

#include "base/result.h"
#include "base/threads.h"
#include "cli/train_options.h"
#include "cli/training.h"

namespace winnow {

/// Makes a recipe ready to be trained several times, alike: pulls the base model, and chooses the precision. Errors:
/// PullWithProgress's; kInvalidArgument for options that ask for a model that stays.
Result<TrainCommandOptions> PrepareToMeasure(TrainCommandOptions recipe);

/// TrainBundle with a prepared recipe, in a temporary directory that is removed. Log lines of the training are left
/// out, unless debugging; its progress is shown. Errors: TrainBundle's, begun with `what` ("fold 2 of 5").
Result<TrainedBundle> TrainToMeasure(const TrainCommandOptions& recipe, const Split& split, const std::string& what,
                                     ThreadPool& pool);

}  // namespace winnow

/// `winnow train --folds` and `winnow evaluate --folds`.
#pragma once

#include <functional>

#include "base/result.h"
#include "base/threads.h"
#include "cli/train_options.h"
#include "data/dataset.h"
#include "pipeline/cross_validation.h"

namespace winnow {

/// Receives the result before it is printed.
using FoldsReport = std::function<Result<void>(CrossValidated& done)>;

/// Cross-validates the plan on data that was read for the labels of a model, removes duplicates first, and prints the
/// result. Errors: CrossValidate's, those of the report.
Result<void> RunFolds(const TrainingPlan& plan, Dataset data, const FoldOptions& options, bool json, ThreadPool& pool,
                      const FoldsReport& report = {});

/// Runs `winnow train DATA --folds K`. Errors: kInvalidArgument for options that require a model to be written.
Result<void> RunTrainingFolds(const TrainCommandOptions& options);

}  // namespace winnow

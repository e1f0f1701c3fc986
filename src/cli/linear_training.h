/// `winnow train --kind lr|svm`: from a split data set to a finished bundle of a linear model.
#pragma once

#include <chrono>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/directory.h"
#include "cli/train_options.h"
#include "cli/training.h"
#include "data/split.h"

namespace winnow {

/// TrainBundle of a linear model: the weights are of the training texts, calibration is of the validation texts. There
/// is nothing to interrupt. Errors: kInvalidArgument for options that only a transformer can follow; TrainLinear's;
/// those of writing.
Result<TrainedBundle> TrainLinearBundle(const TrainCommandOptions& options, const Split& split, BundleWriter bundle,
                                        ThreadPool& pool, std::chrono::steady_clock::time_point begin);

}  // namespace winnow

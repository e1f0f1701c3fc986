/// From a split data set to a finished bundle, by a plan: the one way to train a model, whatever its kind.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/training_info.h"
#include "data/split.h"
#include "evaluate/metrics.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// The results of a training besides the bundle.
struct TrainedModel {
  TrainingInfo info;
  Metrics metrics;                              ///< of the test part, or of the validation part if there is none
  bool has_test = false;                        ///< whether there is a test part
  std::vector<float> probabilities;             ///< [texts of that part, labels], calibrated
  std::vector<std::vector<int32_t>> decisions;  ///< [texts of that part] label ids in the moderate mode
};

/// Trains the model of the plan on split.train, calibrates it on split.validation, measures it on split.test, and
/// writes the bundle to plan.output.dir, whole or not at all; with discard_model it writes nothing. The reported time
/// counts from `begin`. Errors: those of everything that it takes; kCancelled with advice if the observer cancels.
Result<TrainedModel> Train(const TrainingPlan& plan, const Split& split, ThreadPool& pool, TrainingObserver& observer,
                           std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now());

}  // namespace winnow

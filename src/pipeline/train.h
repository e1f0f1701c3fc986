/// Training of a model of any kind by a plan: from a split data set to a finished bundle.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
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
  Metrics metrics;                   ///< metrics on the test part, or on the validation part if there is no test part
  bool has_test = false;             ///< true if there is a test part
  std::vector<float> probabilities;  ///< [texts of the measured part, labels] calibrated probabilities
  /// [texts of the measured part] label ids decided in the moderate mode.
  std::vector<std::vector<int32_t>> decisions;
  /// Labels whose decision threshold could not be tuned and is .5, because too few texts have them or do not have them.
  std::vector<std::string> untuned_labels;
};

/// Trains the model of the plan on split.train, calibrates it on split.validation, measures it on split.test, and
/// writes the bundle to plan.output.dir; after an error no incomplete bundle is left. With discard_model nothing is
/// written. The reported time counts from `begin`. Errors: those of all steps; kCancelled with advice if the observer
/// cancels.
Result<TrainedModel> Train(const TrainingPlan& plan, const Split& split, ThreadPool& pool, TrainingObserver& observer,
                           std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now());

}  // namespace winnow

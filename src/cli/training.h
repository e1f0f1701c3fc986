/// From a split data set to a finished bundle: what `winnow train` does once, and cross-validation several times.
#pragma once

#include <chrono>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "bundle/directory.h"
#include "cli/train_options.h"
#include "data/split.h"
#include "evaluate/metrics.h"

namespace winnow {

struct TrainedBundle {
  Json info;        ///< training_info.json
  Metrics metrics;  ///< of the test part, or of validation where there is none
  bool has_test = false;
  std::vector<float> probabilities;                ///< [texts of that part, labels], calibrated
  std::vector<std::vector<int32_t>> decided = {};  ///< [texts of that part] the labels that thresholds decided
};

/// Trains options.base_model on the split's training part and writes `bundle`, whole or not at all (with
/// options.throwaway not at all).
/// `begin`: since when the reported time counts. Errors: those of all that it takes; kCancelled with advice.
Result<TrainedBundle> TrainBundle(const TrainCommandOptions& options, const Split& split, BundleWriter bundle,
                                  ThreadPool& pool,
                                  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now());

}  // namespace winnow

/// Cross-validation: one plan trained once for each fold, and measured on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "evaluate/cross_validation.h"
#include "pipeline/train.h"

namespace winnow {

struct FoldOptions {
  int folds = 5;
  uint64_t seed = 42;  ///< of the folds; trainings have the plan's
};

struct CrossValidated {
  CrossValidation result;
  std::string base_model_id;                       ///< as in training_info.json
  Json hyperparameters;                            ///< as in training_info.json
  Dataset tested;                                  ///< all examples, fold by fold
  std::vector<float> probabilities;                ///< [tested, labels], of the model that had not seen the text
  std::vector<std::vector<int32_t>> decided = {};  ///< [tested] label ids
};

/// Trains by the plan once for each fold of `data`, which has no duplicates: on the other folds, of which a part
/// validates, unless `validation` has examples. Errors: StratifiedFolds', TrainToMeasure's; kCancelled.
Result<CrossValidated> CrossValidate(const TrainingPlan& plan, const Dataset& data, const Dataset& validation,
                                     const FoldOptions& options, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow

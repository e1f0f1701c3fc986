/// Cross-validation: one plan is trained once for each fold, and measured on it.
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
  uint64_t seed = 42;  ///< random seed of the folds; trainings use the plan's seed
};

struct CrossValidated {
  CrossValidation result;
  std::string base_model_id;         ///< base_model_id of training_info.json
  Json hyperparameters;              ///< hyperparameters of training_info.json
  Dataset tested;                    ///< all examples, fold by fold
  std::vector<float> probabilities;  ///< [tested, labels] probabilities by the model that was not trained on the text
  std::vector<std::vector<int32_t>> decided = {};  ///< [tested] decided label ids
};

/// Trains by the plan once for each fold of `data`, which must have no duplicates, on the other folds. A part of these
/// is the validation part, unless `validation` has examples. Errors: StratifiedFolds', TrainAndMeasure's; kCancelled.
Result<CrossValidated> CrossValidate(const TrainingPlan& plan, const Dataset& data, const Dataset& validation,
                                     const FoldOptions& options, ThreadPool& pool, TrainingObserver& observer);

}  // namespace winnow

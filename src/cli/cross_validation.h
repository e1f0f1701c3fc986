/// `winnow train --folds` and `winnow evaluate --folds`: one recipe trained once for each fold.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "cli/recipe.h"
#include "cli/train_options.h"
#include "data/dataset.h"
#include "evaluate/cross_validation.h"

namespace winnow {

struct FoldOptions {
  int folds = 5;
  uint64_t seed = 42;  ///< of the folds; trainings have the recipe's
};

struct CrossValidated {
  CrossValidation result;
  Json recipe;                                     ///< base_model_id and hyperparameters, as in training_info.json
  Dataset tested;                                  ///< all texts, fold by fold
  std::vector<float> probabilities;                ///< [those texts, labels], of the model that had not seen them
  std::vector<std::vector<int32_t>> decided = {};  ///< [those texts] of several labels a text: the sets
};

/// Trains `recipe` once for each fold of `data`, without duplicates: on the others, of which a part validates, unless
/// `validation` has texts. Errors: StratifiedFolds', TrainToMeasure's; kCancelled between trainings and in them.
Result<CrossValidated> CrossValidate(const TrainCommandOptions& recipe, const Dataset& data, const Dataset& validation,
                                     const FoldOptions& options, ThreadPool& pool);

/// Told what came out, before it is printed.
using FoldsReport = std::function<Result<void>(CrossValidated& done)>;

/// The same of data as a model's labels read them, de-duplicated here, and printed.
Result<void> RunFolds(const TrainCommandOptions& recipe, Dataset data, const FoldOptions& options, ThreadPool& pool,
                      const FoldsReport& report = {});

/// `winnow train DATA --folds K`.
Result<void> RunTrainingFolds(const TrainCommandOptions& options);

}  // namespace winnow

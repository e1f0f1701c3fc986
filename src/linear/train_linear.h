/// Training of a linear classifier on labelled texts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/features.h"
#include "linear/linear_labels.h"
#include "linear/linear_model.h"
#include "linear/solver.h"

namespace winnow {

struct LinearTrainingOptions {
  FeatureOptions features = {};
  SolverOptions solver = {};
  /// Platt scaling of the scores over five cross-validation folds (Platt 1999; Lin, Lin, Weng 2007); empty: of SVMs. A
  /// logistic regression of two labels has it multiplied into its weights and bias; others ignore it.
  std::optional<bool> platt = {};
  uint64_t seed = 42;  ///< random seed of the folds
};

/// Trains a model. Errors: FitLinear's; kInvalidData if the texts have no features at all.
Result<LinearModel> TrainLinear(std::span<const std::string_view> texts, const LinearLabels& truth,
                                const LinearTrainingOptions& options, ThreadPool& pool);

/// Trains a model on features that are already fitted; `options.features` is not used. Errors: FitLinear's.
Result<LinearModel> TrainLinear(FittedFeatures fitted, const LinearLabels& truth, const LinearTrainingOptions& options,
                                ThreadPool& pool);

}  // namespace winnow

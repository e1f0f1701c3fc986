/// What `winnow train` can be told: a plan, and what the command does beside training.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "pipeline/training_plan.h"

namespace winnow {

struct TrainCommandOptions : CommonOptions {
  TrainingPlan plan;
  std::optional<std::string> preset;
  std::optional<int> folds;  ///< cross-validation, instead of a model that stays
  bool quantize = false;
  double max_drop = 0.005;  ///< of the accuracy gate of quantization
  bool skip_training = false;
};

/// Binds all of it.
void AddTrainOptions(TrainCommandOptions& options, OptionTable& table);

/// Binds what decides what is learnt from which data: for commands that train to measure, and keep no model.
void AddLearningPlanOptions(TrainCommandOptions& options, OptionTable& table);

/// The plan that the options give.
TrainingPlan PlanOf(const TrainCommandOptions& options);

}  // namespace winnow

/// The options of `winnow train`: a plan, and what the command does besides training.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/trainer_arguments.h"
#include "pipeline/training_plan.h"

namespace winnow {

struct TrainCommandOptions : CommonOptions {
  TrainingPlan plan;
  TrainerArguments arguments;  ///< further arguments of Hugging Face's Trainer
  /// Options of the table whose values are adapted to small data if a preset set them; null before they are added.
  const Option *epochs = nullptr, *eval_steps = nullptr, *save_steps = nullptr, *warmup_steps = nullptr;
  const OptionTable* table = nullptr;  ///< the table that fills the struct; null before the options are added
  std::optional<std::string> preset;
  std::optional<int> folds;  ///< number of folds of a cross-validation, which writes no model
  bool quantize = false;
  /// Largest drop of accuracy and of macro-F1 that the accuracy gate of quantization accepts.
  double max_drop = 0.005;
  bool skip_training = false;
};

/// Binds all options of `winnow train`.
void AddTrainOptions(TrainCommandOptions& options, OptionTable& table);

/// Binds the options that determine the data and the training, for commands that train only to measure and write no
/// model.
void AddLearningPlanOptions(TrainCommandOptions& options, OptionTable& table);

/// Returns the plan that the options define, after all checks that need no data. Errors: ApplyTrainerArguments';
/// CheckPlan's.
Result<TrainingPlan> PlanOf(const TrainCommandOptions& options);

/// Returns a warning for each option that was specified, other than by a preset, and has no effect on a model of the
/// kind of --kind: "--epochs has no effect with --kind lr".
std::vector<std::string> OptionsWithoutEffect(const TrainCommandOptions& options);

}  // namespace winnow

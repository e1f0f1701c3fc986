/// The arguments of Hugging Face's TrainingArguments that are not options of `winnow train`, for command lines and
/// configurations written for its Trainer: those that can be followed are, and the others are refused with what to use
/// instead. Help does not list them; docs/training.md does.
#pragma once

#include <optional>
#include <string>

#include "base/options.h"
#include "base/result.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Arguments whose effect depends on other options.
struct TrainerArguments {
  std::string eval_strategy, save_strategy;  ///< "no", "steps", "epoch" or, for checkpoints, "best"; empty: not given
  std::optional<bool> bf16, greater_is_better;
  std::string resume_from_checkpoint;
};

/// Adds all arguments to the table.
void AddTrainerArguments(TrainerArguments& arguments, OptionTable& table);

/// Puts what was given into the plan. Errors: kInvalidArgument for arguments that contradict the plan.
Result<void> ApplyTrainerArguments(const TrainerArguments& arguments, TrainingPlan& plan);

}  // namespace winnow

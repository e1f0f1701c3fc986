/// The base model of a plan, made ready for training.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "data/dataset.h"
#include "encoder/model.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "tokenize/tokenizer.h"

namespace winnow {

struct BaseModel {
  Tokenizer tokenizer;
  Model model;                      ///< writable; its labels are those of the data
  std::filesystem::path directory;  ///< of the tokenizer's files; empty for a model from scratch
};

/// Pulls, loads or makes the base model. `train` gives the labels, and the texts for a new vocabulary. Errors:
/// ResolveBaseModel's and Model::Load's.
Result<BaseModel> PrepareBaseModel(const TrainingPlan& plan, const Dataset& train, TrainingObserver& observer);

/// The directory of a base model, which is pulled if it is named and not in the cache. Errors: ResolveBaseModel's.
Result<std::filesystem::path> PullBaseModel(const std::string& name, TrainingObserver& observer);

}  // namespace winnow

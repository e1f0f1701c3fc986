/// Preparation of a plan's base model for training.
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
  Model model;                      ///< writable model, whose labels are those of the data
  std::filesystem::path directory;  ///< directory of the tokenizer's files; empty for a model from scratch
};

/// Downloads, loads or creates the base model. `train` provides the labels, and the texts for a new vocabulary. Errors:
/// ResolveBaseModel's and Model::Load's.
Result<BaseModel> PrepareBaseModel(const TrainingPlan& plan, const Dataset& train, TrainingObserver& observer);

/// Returns the directory of a model that is to be used as it is: `name` itself if it exists, otherwise the directory in
/// the cache of the model with that name (ResolveBaseModel's), otherwise `name`, whose reader reports what is missing.
/// Nothing is downloaded. Errors: FindInCache's; kNotFound for a short name of a model that is not in the cache.
Result<std::filesystem::path> FindModel(const std::filesystem::path& name, TrainingObserver& observer);

/// Returns the directory of a base model, which is downloaded if it is not in the cache. Errors: ResolveBaseModel's.
Result<std::filesystem::path> PullBaseModel(const std::string& name, TrainingObserver& observer);

/// PullBaseModel for a training: the error of a model that cannot be had says what can be trained without it.
Result<std::filesystem::path> PullForTraining(const std::string& name, TrainingObserver& observer);

}  // namespace winnow

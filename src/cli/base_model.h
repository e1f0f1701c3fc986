/// --base-model: a name, a directory or "scratch", made ready for training.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/train_options.h"
#include "data/dataset.h"
#include "encoder/model.h"
#include "tokenize/tokenizer.h"

namespace winnow {

struct StartingPoint {
  Tokenizer tokenizer;
  Model model;                      ///< writable; its labels are the data's
  std::filesystem::path directory;  ///< where the tokenizer's files lie; empty for a model from scratch
};

/// Pulls, loads or makes the base model. `train` gives the labels, and the texts for a new vocabulary.
/// Errors: ResolveBaseModel's and Model::Load's.
Result<StartingPoint> PrepareBaseModel(const TrainCommandOptions& options, const Dataset& train);

/// Pull, with a progress bar and notes for the user. A directory is given back as it is.
Result<std::filesystem::path> PullWithProgress(const std::string& name);

}  // namespace winnow

/// How a command's data options become those of the data folder.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/train_options.h"
#include "data/dataset.h"
#include "data/split.h"

namespace winnow {

/// Binds DATA and how it is read to the fields that `winnow train` has for it, under the same names: for the commands
/// that look at data and rewrite it.
void AddReadingOptions(TrainCommandOptions& options, OptionTable& table);

/// The files that DATA names, each once. Errors: kInvalidArgument for standard input, which can't be read twice.
Result<std::vector<std::filesystem::path>> DataFilesOf(const TrainCommandOptions& options);

/// --label-map. Errors: kInvalidArgument for an entry that is no FROM=TO.
Result<std::map<std::string, std::string>> LabelMapOf(const TrainCommandOptions& options);
/// Errors: kInvalidArgument for --labels and --label-map that make no sense.
Result<ReadOptions> ReadOptionsOf(const TrainCommandOptions& options);
SplitFiles SplitFilesOf(const TrainCommandOptions& options);
SplitOptions SplitOptionsOf(const TrainCommandOptions& options);

/// --augment: adds variants of the training texts, none of which is a held-out text.
void AddVariants(const TrainCommandOptions& options, Split& split);

/// Each text's label ids.
std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset);

/// A report's lines, for the log.
std::vector<std::string> Lines(std::string_view text);

}  // namespace winnow

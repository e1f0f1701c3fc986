/// How a command's data options become those of the data folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/train_options.h"
#include "data/dataset.h"
#include "data/split.h"

namespace winnow {

ReadOptions ReadOptionsOf(const TrainCommandOptions& options);
SplitFiles SplitFilesOf(const TrainCommandOptions& options);
SplitOptions SplitOptionsOf(const TrainCommandOptions& options);

/// Each text's label ids.
std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset);

/// A report's lines, for the log.
std::vector<std::string> Lines(std::string_view text);

}  // namespace winnow

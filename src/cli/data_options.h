/// The argument DATA and the options for reading it, for the commands that inspect and rewrite data.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/command.h"
#include "pipeline/training_plan.h"

namespace winnow {

struct DataCommandOptions : CommonOptions {
  std::vector<std::filesystem::path> data;
  ReadingOptions reading;
};

/// Binds DATA and the reading options, under the names that they have in `winnow train`.
void AddReadingOptions(DataCommandOptions& options, OptionTable& table);

/// Binds --text-field, --label-field and --filter of labelled data, with help on the names that are found
/// automatically.
void AddFieldOptions(ReadingOptions& reading, OptionTable& table);

/// Binds --problem-type.
void AddProblemType(ReadingOptions& reading, OptionTable& table);

/// Returns the files that DATA names, each once. Errors: kInvalidArgument for standard input, which cannot be read
/// twice.
Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options);

}  // namespace winnow

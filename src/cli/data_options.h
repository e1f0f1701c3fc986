/// DATA and how it is read: the options of the commands that look at data and rewrite it.
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

/// Binds DATA and the reading options, under the names that `winnow train` has for them.
void AddReadingOptions(DataCommandOptions& options, OptionTable& table);

/// Binds --text-field, --label-field and --filter of labelled data, with what is found by name.
void AddFieldOptions(ReadingOptions& reading, OptionTable& table);

/// Binds --problem-type.
void AddProblemType(ReadingOptions& reading, OptionTable& table);

/// The files that DATA names, each once. Errors: kInvalidArgument for standard input, which can't be read twice.
Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options);

}  // namespace winnow

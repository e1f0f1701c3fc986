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

/// Binds DATA and the reading options, under the names that they have in `winnow train`; --format is named
/// `format_name`, for commands whose --format is another option.
void AddReadingOptions(DataCommandOptions& options, OptionTable& table, std::string format_name = "format");

/// Binds --text-field, --label-field, --filter and the options of AddFormatOptions for labelled data, with help on the names that are found
/// automatically.
void AddFieldOptions(ReadingOptions& reading, OptionTable& table, std::string format_name = "format");

/// Binds --problem-type.
void AddProblemType(ReadingOptions& reading, OptionTable& table);

/// Returns the files that DATA names, each once. Errors: kInvalidArgument for standard input, which cannot be read
/// twice.
Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options);

}  // namespace winnow

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
  std::vector<std::string> labels;     // one entry: a JSON file; several: the names
  std::vector<std::string> label_map;  // FROM=TO
};

/// Binds DATA and the reading options, under the names that they have in `winnow train`; --format is named
/// `format_name`, for commands whose --format is another option.
void AddReadingOptions(DataCommandOptions& options, OptionTable& table, std::string format_name = "format");

/// Binds --labels, with this help, and --label-map, to which notes about the labels of a file refer.
void AddLabelOptions(DataCommandOptions& options, OptionTable& table,
                     std::string labels_help =
                         "The labels, as a JSON file or a list of names, in the order of multi-hot vectors; rows with "
                         "other labels are dropped and counted");

/// Returns the options for reading DATA. Errors: kInvalidArgument for labels or a map that are not valid, kNotFound for
/// a file of labels that does not exist.
Result<ReadOptions> ReadOptionsOf(const DataCommandOptions& options);

/// Binds --text-field, --label-field, --filter and the options of AddFormatOptions for labelled data, with help on the
/// names that are found automatically.
void AddFieldOptions(ReadingOptions& reading, OptionTable& table, std::string format_name = "format");

/// Binds --problem-type.
void AddProblemType(ReadingOptions& reading, OptionTable& table);

/// Returns the files that DATA names, each once. Errors: kInvalidArgument for standard input and, if the command reads
/// the rows `twice`, for pipes and other devices, from which the rows are gone after the first time.
Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options, bool twice = true);

}  // namespace winnow

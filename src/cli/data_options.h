/// The argument DATA and the options for reading it, for the commands that inspect and rewrite data.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
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

/// Errors: kInvalidArgument, in a message that begins with `reader`, if one of the files is standard input or a pipe,
/// which what reads the data once for each model cannot use.
Result<void> CheckReadForEachModel(std::span<const std::filesystem::path> files, std::string_view reader);

/// Errors: kInvalidArgument if one of the files is standard input or a pipe, whose rows cannot be read twice.
Result<void> CheckReadTwice(std::span<const std::filesystem::path> files);

/// Returns the files that DATA names, each once. Errors: kInvalidArgument for standard input.
Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options);

}  // namespace winnow

#include "cli/data_options.h"

#include <algorithm>

#include "cli/field_options.h"

namespace winnow {

void AddReadingOptions(DataCommandOptions& options, OptionTable& table) {
  table.AddPositional("data", &options.data, "CSV, TSV, JSONL or fastText files, gzip of each").Required();
  table.Group("Data");
  AddFieldOptions(options.reading, table);
  table
      .Add("template", &options.reading.template_text,
           "What counts as the text, made of several fields: '{subject} [SEP] {body}'; rows stay as they are")
      .ValueName("TEXT");
  AddProblemType(options.reading, table);
}

void AddFieldOptions(ReadingOptions& reading, OptionTable& table) {
  AddTextField(reading.text_field, table)
      .Default("found by name: text, message, sentence ...")
      .Alias("text-column-name");
  AddLabelField(reading.label_field, table)
      .Default("found by name: label, category, intent ...")
      .Alias("label-column-name");
  AddFilter(reading.filter, table);
}

void AddProblemType(ReadingOptions& reading, OptionTable& table) {
  table.Add("problem-type", &reading.problem_type, "One label a text, or any number")
      .OneOf({"single", "multi"}, {{"single_label_classification", "single"}, {"multi_label_classification", "multi"}})
      .Default("by the data");
}

Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& file : options.data) {
    if (file == "-") {
      return Fail(ErrorCode::kInvalidArgument, "standard input is no data file here: its rows are read twice",
                  "write them to a file first");
    }
    if (std::ranges::find(files, file) == files.end()) files.push_back(file);
  }
  return files;
}

}  // namespace winnow

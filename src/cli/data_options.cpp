#include "cli/data_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/streams.h"
#include "cli/field_options.h"
#include "pipeline/data_plan.h"

namespace winnow {

void AddReadingOptions(DataCommandOptions& options, OptionTable& table, std::string format_name) {
  table.AddPositional("data", &options.data, "CSV, TSV, JSON, JSONL or fastText files, optionally gzip-compressed")
      .Required();
  table.Group("Data");
  AddFieldOptions(options.reading, table, std::move(format_name));
  table
      .Add("template", &options.reading.template_text,
           "Text template that combines several fields: '{subject} [SEP] {body}'; the rows themselves are not changed")
      .ValueName("TEXT");
  AddProblemType(options.reading, table);
}

void AddLabelOptions(DataCommandOptions& options, OptionTable& table, std::string labels_help) {
  table.Add("labels", &options.labels, std::move(labels_help)).ValueName("FILE|NAME,...").Default("those of the data");
  table
      .Add("label-map", &options.label_map,
           "Read a label as another one, for instance to count N/A as a label: N/A=N/A; the rows themselves are not "
           "changed")
      .ValueName("FROM=TO")
      .Undivided();
}

Result<ReadOptions> ReadOptionsOf(const DataCommandOptions& options) {
  DataPlan plan;
  plan.reading = options.reading;
  plan.labels = options.labels;
  plan.label_map = options.label_map;
  ReadOptions read = TRY(ReadOptionsOf(plan));
  if (!options.labels.empty()) read.unknown_labels = UnknownLabels::kDrop;
  return read;
}

void AddFieldOptions(ReadingOptions& reading, OptionTable& table, std::string format_name) {
  AddTextField(reading.text_field, table)
      .Default("the field named text, message, sentence or similar")
      .Alias("text-column-name");
  AddLabelField(reading.label_field, table)
      .Default("the field named label, category, intent or similar")
      .Alias("label-column-name");
  AddFilter(reading.filter, table);
  AddFormatOptions(reading.format, table, std::move(format_name));
}

void AddProblemType(ReadingOptions& reading, OptionTable& table) {
  table
      .Add("problem-type", &reading.problem_type,
           "Number of labels per text: exactly one (single), or any number (multi)")
      .OneOf({"single", "multi"}, {{"single_label_classification", "single"}, {"multi_label_classification", "multi"}})
      .Default("determined from the data");
}

Result<void> CheckReadForEachModel(std::span<const std::filesystem::path> files, std::string_view reader) {
  if (std::ranges::all_of(files, CanBeReadTwice)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{} reads the data once for each model, so standard input and pipes cannot be used", reader),
              "save the data to a file first");
}

Result<void> CheckReadTwice(std::span<const std::filesystem::path> files) {
  for (const std::filesystem::path& file : files) {
    if (CanBeReadTwice(file)) continue;
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: standard input and pipes cannot be used by this command, because it reads the rows twice",
                    file.string()),
        "save the rows to a file first");
  }
  return {};
}

Result<std::vector<std::filesystem::path>> DataFilesOf(const DataCommandOptions& options) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& file : options.data) {
    if (file == "-") {
      return Fail(ErrorCode::kInvalidArgument, "-: standard input cannot be used by this command",
                  "save the rows to a file first");
    }
    if (std::ranges::find(files, file) == files.end()) files.push_back(file);
  }
  return files;
}

}  // namespace winnow

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "data/row_writer.h"
#include "data/rows.h"
#include "data/split.h"
#include "pipeline/data_plan.h"

namespace winnow {
namespace {

constexpr std::array kParts = {"train", "validation", "test"};

struct DataSplitOptions : DataCommandOptions {
  SplitOptions split;
  std::filesystem::path output_dir;
  bool overwrite = false;
  std::string format;  // empty: by the data
};

void Describe(DataSplitOptions& options, OptionTable& table) {
  AddReadingOptions(options, table, "input-format");
  AddLabelOptions(options, table);
  table.Group("Parts");
  table.Add("test-size", &options.split.test_size, "Share of the texts in the test file; 0: no test file")
      .Range(0, 0.9);
  table
      .Add("validation-size", &options.split.validation_size,
           "Share of the texts in the validation file; 0: no validation file")
      .Range(0, 0.9);
  table.Add("seed", &options.split.seed, "Random seed of the split");
  table.Group("Output");
  table.Add("output-dir", &options.output_dir, "Directory for the files train, validation and test")
      .ValueName("DIR")
      .Required()
      .Short('o');
  table.Add("format", &options.format, "Format of the files")
      .OneOf({"tsv", "csv", "jsonl"})
      .Default("jsonl for JSON data and for lists of labels, otherwise tsv");
  AddOverwrite(options.overwrite, table, "Replace the files of an earlier split");
  table.Describe(
      "The split is stratified: each part has the same label proportions. Duplicates are dropped first, so no text "
      "is in two parts. 'winnow train' with the same sizes and seed splits the data in the same way.");
  table.Example("winnow data split sms.tsv --output-dir sms --validation-size 0",
                "80 % into sms/train.tsv, 20 % into sms/test.tsv");
}

std::string FormatFor(const DataSplitOptions& options, const Split& split, const SplitReport& report) {
  if (!options.format.empty()) return options.format;
  for (const FileReport& file : report.train.files) {
    if (file.description.find("JSON") != std::string::npos) return "jsonl";
    if (split.train.multi_label && file.label_fields.size() == 1) return "jsonl";
  }
  return "tsv";
}

/// Makes the directory, and returns the parts of an earlier split, none of which may stay beside the new ones.
Result<std::vector<std::filesystem::path>> Prepare(const DataSplitOptions& options,
                                                   const std::vector<std::filesystem::path>& inputs) {
  std::vector<std::filesystem::path> earlier;
  std::error_code error;
  std::filesystem::create_directories(options.output_dir, error);
  if (error)
    return Fail(ErrorCode::kIo,
                fmt::format("{}: cannot create the directory: {}", options.output_dir.string(), error.message()),
                "specify another --output-dir");
  for (const char* part : kParts) {
    for (const char* extension : {".tsv", ".csv", ".jsonl"}) {
      const std::filesystem::path file = options.output_dir / (std::string(part) + extension);
      if (!std::filesystem::exists(file, error)) continue;
      if (!options.overwrite) {
        return Fail(ErrorCode::kExists, file.string() + ": the file already exists",
                    "specify another --output-dir, or pass --overwrite");
      }
      const auto is_input = [&](const auto& input) { return std::filesystem::equivalent(input, file, error); };
      if (std::ranges::any_of(inputs, is_input)) {
        return Fail(ErrorCode::kExists, file.string() + ": the file is an input and would be overwritten",
                    "specify another --output-dir");
      }
      earlier.push_back(file);
    }
  }
  return earlier;
}

Result<void> Run(const DataSplitOptions& options) {
  const std::vector<std::filesystem::path> files = TRY(DataFilesOf(options));
  TRY(CheckReadTwice(files));
  const ReadOptions read = TRY(ReadOptionsOf(options));
  SplitReport report;
  const Split split = TRY(ReadSplit({.train = files, .validation = {}, .test = {}}, read, options.split, report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  const std::vector<std::filesystem::path> earlier = TRY(Prepare(options, files));

  const std::string format = FormatFor(options, split, report);
  std::vector<RowWriter> writers;
  std::map<RowPlace, size_t> places;
  Json json = {{"directory", options.output_dir.string()}};
  std::string text;
  for (const Dataset* part : {&split.train, &split.validation, &split.test}) {
    const size_t index = writers.size();
    const std::filesystem::path file = options.output_dir / fmt::format("{}.{}", kParts[index], format);
    writers.push_back(TRY(RowWriter::For(file)));
    for (const Example& example : part->examples) places.emplace(RowPlace{example.file, example.row}, index);
    if (part->examples.empty() || (index == 1 && split.validation_is_training)) continue;
    json["parts"].push_back({{"file", file.string()}, {"rows", part->examples.size()}});
    text += fmt::format("{}  {} rows\n", file.string(), part->examples.size());
  }
  TRY(ForRowsOf(files, read, places, [&](size_t part, std::span<const Field> fields) { writers[part].Add(fields); }));
  for (const std::string& name : writers[0].left_out())
    LogWarning("the field '{}' contains JSON objects and is not written to the output", name);
  std::vector<std::filesystem::path> written;
  for (size_t part = 0; part < writers.size(); ++part) {
    if (writers[part].rows() == 0) continue;
    TRY(writers[part].Write());
    written.push_back(options.output_dir / fmt::format("{}.{}", kParts[part], format));
  }
  for (const std::filesystem::path& file : earlier) {  // only now: until here a failure has lost nothing
    std::error_code ignored;
    if (std::ranges::find(written, file) == written.end()) std::filesystem::remove(file, ignored);
  }
  json["report"] = report.ToJson();
  return Print(options.json ? json.dump(2) + "\n" : text);
}

}  // namespace

Command DataSplitCommand() {
  return MakeCommand<DataSplitOptions>("data split", "Splits texts into training, validation and test files.", Describe,
                                       Run);
}

}  // namespace winnow

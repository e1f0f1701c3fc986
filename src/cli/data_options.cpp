#include "cli/data_options.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/log.h"
#include "data/augment.h"

namespace winnow {
namespace {

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : std::string(between)) + part;
  return joined;
}

}  // namespace

void AddReadingOptions(TrainCommandOptions& options, OptionTable& table) {
  table.AddPositional("data", &options.data, "CSV, TSV, JSONL or fastText files, gzip of each").Required();
  table.Group("Data");
  table.Add("text-field", &options.text_field, "Column or key of the text")
      .ValueName("NAME")
      .Default("found by name: text, message, sentence ...")
      .Alias("text-column-name");
  table
      .Add("label-field", &options.label_field,
           "Column or key of the label; several name the 0/1 columns of a multi-label set")
      .ValueName("NAME")
      .Default("found by name: label, category, intent ...")
      .Alias("label-column-name");
  table.Add("filter", &options.filter, "Keep the rows of which this is true: execution_success, lang=en, chars<320")
      .ValueName("EXPR");
  table
      .Add("template", &options.template_text,
           "What counts as the text, made of several fields: '{subject} [SEP] {body}'; rows stay as they are")
      .ValueName("TEXT");
  table.Add("problem-type", &options.problem_type, "One label a text, or any number")
      .OneOf({"single", "multi"}, {{"single_label_classification", "single"}, {"multi_label_classification", "multi"}})
      .Default("by the data");
}

Result<std::vector<std::filesystem::path>> DataFilesOf(const TrainCommandOptions& options) {
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

Result<std::map<std::string, std::string>> LabelMapOf(const TrainCommandOptions& options) {
  std::map<std::string, std::string> map;
  for (const std::string& entry : options.label_map) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      return Fail(ErrorCode::kInvalidArgument, "--label-map: '" + entry + "' is not FROM=TO",
                  "for example: --label-map \"hate=Hate Speech\"");
    }
    map[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return map;
}

Result<ReadOptions> ReadOptionsOf(const TrainCommandOptions& options) {
  ReadOptions read;
  read.label_map = TRY(LabelMapOf(options));
  if (options.labels.size() == 1) {
    // Names are several: one alone would be no choice.
    read.labels_file = options.labels.front();
  } else if (!options.labels.empty()) {
    read.labels = LabelSet{options.labels};
    std::vector<std::string> sorted = options.labels;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
      return Fail(ErrorCode::kInvalidArgument, "--labels names '" + *twice + "' twice");
    }
  }
  read.text_field = options.text_field;
  read.label_field = Joined(options.label_field, ",");
  read.filter = Joined(options.filter, " and ");
  read.template_text = options.template_text;
  if (options.problem_type == "single") read.problem_type = ProblemType::kSingle;
  if (options.problem_type == "multi") read.problem_type = ProblemType::kMulti;
  return read;
}

SplitFiles SplitFilesOf(const TrainCommandOptions& options) {
  SplitFiles files{.train = options.data, .validation = {}, .test = {}};
  if (options.validation) files.validation.push_back(*options.validation);
  if (options.test) files.test.push_back(*options.test);
  return files;
}

SplitOptions SplitOptionsOf(const TrainCommandOptions& options) {
  return {.test_size = options.test_size,
          .validation_size = options.validation_size,
          .seed = options.seed,
          .min_class_texts = static_cast<size_t>(options.min_class_texts)};
}

void AddVariants(const TrainCommandOptions& options, Split& split) {
  if (!options.augment) return;
  AugmentReport report;
  const std::array<const Dataset*, 2> held_out = {&split.validation, &split.test};
  std::vector<Example> variants =
      Augment(split.train, {.variants = options.augment_variants, .seed = options.seed}, report, held_out);
  std::ranges::move(variants, std::back_inserter(split.train.examples));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
}

std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset) {
  std::vector<std::vector<int32_t>> sets;
  sets.reserve(dataset.examples.size());
  for (const Example& example : dataset.examples) sets.push_back(example.labels);
  return sets;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace winnow

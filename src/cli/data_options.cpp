#include "cli/data_options.h"

namespace winnow {
namespace {

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : std::string(between)) + part;
  return joined;
}

}  // namespace

ReadOptions ReadOptionsOf(const TrainCommandOptions& options) {
  ReadOptions read;
  read.text_field = options.text_field;
  read.label_field = Joined(options.label_field, ",");
  read.filter = Joined(options.filter, " and ");
  read.template_text = options.template_text;
  if (options.labels) read.labels_file = *options.labels;
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
  return {.test_size = options.test_size, .validation_size = options.validation_size, .seed = options.seed};
}

std::vector<std::vector<int32_t>> LabelSets(const Dataset& dataset) {
  std::vector<std::vector<int32_t>> sets;
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

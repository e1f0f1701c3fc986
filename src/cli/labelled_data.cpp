#include "cli/labelled_data.h"

#include "cli/field_options.h"

namespace winnow {

void AddLabelledDataOptions(LabelledDataOptions& options, OptionTable& table) {
  table.Group("Data");
  AddTextField(options.text_field, table);
  AddLabelField(options.label_field, table);
  AddFilter(options.filter, table);
  table.Group("Decision");
  table.AddChoice("mode", &options.mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Decision thresholds to use: strict flags the most texts as the positive label, lenient the fewest");
  AddWeightsOption(options.weights, table);
}

std::string FilterOf(const LabelledDataOptions& options) {
  std::string all;
  for (const std::string& filter : options.filter) all += (all.empty() ? "" : " and ") + filter;
  return all;
}

namespace {

ReadOptions ReadOptionsOf(const LabelledDataOptions& options) {
  ReadOptions read;
  read.text_field = options.text_field;
  for (const std::string& field : options.label_field)
    read.label_field += (read.label_field.empty() ? "" : ",") + field;
  read.filter = FilterOf(options);
  return read;
}

}  // namespace

Result<Dataset> ReadLabelledData(std::span<const std::filesystem::path> files, const LabelledDataOptions& options,
                                 ReadReport& report) {
  return ReadDataset(files, ReadOptionsOf(options), report);
}

Result<Dataset> ReadLabelledData(const BundleClassifier& classifier, std::span<const std::filesystem::path> files,
                                 const LabelledDataOptions& options, ReadReport& report) {
  ReadOptions read = ReadOptionsOf(options);
  read.template_text = classifier.manifest().text_template;
  read.label_map = classifier.manifest().label_map;
  read.labels = LabelSet{classifier.labels()};
  read.problem_type = classifier.multi_label() ? ProblemType::kMulti : ProblemType::kSingle;
  return ReadDataset(files, read, report);
}

}  // namespace winnow

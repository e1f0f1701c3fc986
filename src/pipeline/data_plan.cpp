#include "pipeline/data_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/lines.h"
#include "data/augment.h"

namespace winnow {

ReadOptions ReadOptionsOf(const ReadingOptions& reading) {
  return {.text_field = reading.text_field,
          .label_field = fmt::format("{}", fmt::join(reading.label_field, ",")),
          .filter = fmt::format("{}", fmt::join(reading.filter, " and ")),
          .template_text = reading.template_text,
          .problem_type = reading.problem_type == "single"  ? ProblemType::kSingle
                          : reading.problem_type == "multi" ? ProblemType::kMulti
                                                            : ProblemType::kAuto,
          .format = reading.format};
}

Result<ReadOptions> ReadOptionsOf(const DataPlan& data) {
  ReadOptions read = ReadOptionsOf(data.reading);
  read.label_map = TRY(LabelMapOf(data));
  if (data.labels.size() == 1) {
    // Names are several: one alone would be no choice.
    read.labels_file = data.labels.front();
  } else if (!data.labels.empty()) {
    read.labels = LabelSet{data.labels};
    std::vector<std::string> sorted = data.labels;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
      return Fail(ErrorCode::kInvalidArgument, "--labels contains '" + *twice + "' twice");
    }
  }
  return read;
}

Result<std::map<std::string, std::string>> LabelMapOf(const DataPlan& data) {
  std::map<std::string, std::string> map;
  for (const std::string& entry : data.label_map) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      return Fail(ErrorCode::kInvalidArgument, "--label-map: '" + entry + "' is not FROM=TO",
                  "for example: --label-map \"hate=Hate Speech\"");
    }
    map[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return map;
}

SplitFiles SplitFilesOf(const DataPlan& data) {
  SplitFiles files{.train = data.files, .validation = {}, .test = {}};
  if (data.validation) files.validation.push_back(*data.validation);
  if (data.test) files.test.push_back(*data.test);
  return files;
}

Result<Split> ReadParts(const TrainingPlan& plan, TrainingObserver& observer) {
  const DataPlan& data = plan.data;
  SplitReport report;
  Split split = TRY(ReadSplit(SplitFilesOf(data), TRY(ReadOptionsOf(data)),
                              {.test_size = data.test_size,
                               .validation_size = data.validation_size,
                               .seed = plan.seed,
                               .min_class_texts = static_cast<size_t>(data.min_class_texts)},
                              report));
  for (const std::string& line : Lines(report.Text())) observer.Note(line);
  return split;
}

void AddVariants(const TrainingPlan& plan, Split& split, TrainingObserver& observer) {
  if (!plan.data.augment) return;
  AugmentReport report;
  const std::array<const Dataset*, 2> held_out = {&split.validation, &split.test};
  std::vector<Example> variants =
      Augment(split.train, {.variants = plan.data.augment_variants, .seed = plan.seed}, report, held_out);
  std::ranges::move(variants, std::back_inserter(split.train.examples));
  for (const std::string& line : Lines(report.Text())) observer.Note(line);
}

}  // namespace winnow

#include "pipeline/data_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/files.h"
#include "base/lines.h"
#include "base/shared_files.h"
#include "data/augment.h"
#include "data/grammar.h"
#include "data/synthetic.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr const char* kMessageGrammar = "messages.txt";

/// The grammar of the plan, otherwise Winnow's own, share/winnow/grammars/messages.txt or the embedded copy.
Result<SharedFile> GrammarFile(const DataPlan& data) {
  if (data.synthetic_grammar) {
    return SharedFile{data.synthetic_grammar->string(), TRY(ReadFile(*data.synthetic_grammar))};
  }
  if (std::optional<SharedFile> own = TRY(ReadSharedFile("grammars", kMessageGrammar))) return *std::move(own);
  return Fail(ErrorCode::kInternal, fmt::format("internal error: the grammar {} is missing", kMessageGrammar));
}

Result<void> AddSyntheticTexts(const TrainingPlan& plan, Split& split, TrainingObserver& observer) {
  const DataPlan& data = plan.data;
  const double share = plan.SyntheticShare();
  if (share == 0) return {};
  const bool asked = data.synthetic || data.synthetic_share || data.synthetic_grammar;
  const auto skip = [&](const std::string& reason) {
    const std::string line = "no synthetic texts are added: " + reason;
    asked ? observer.Warn(line) : observer.Note(line);
  };
  const SharedFile file = TRY(GrammarFile(data));
  const Grammar grammar = TRY(Grammar::Parse(file.contents, file.name));
  const Result<std::vector<int32_t>> labels = LabelsOfGrammar(grammar, split.train);
  if (!labels) return skip(labels.error().message), Result<void>();
  SyntheticReport report;
  const std::array<const Dataset*, 2> held_out = {&split.validation, &split.test};
  std::vector<Example> made =
      SyntheticTexts(grammar, *labels, file.name, split.train, {.share = share, .seed = plan.seed}, report, held_out);
  split.synthetic = made.size();
  std::ranges::move(made, std::back_inserter(split.train.examples));
  for (const std::string& line : Lines(report.Text())) observer.Note(line);
  return {};
}

}  // namespace

ReadOptions ReadOptionsOf(const ReadingOptions& reading) {
  return {.text_field = reading.text_field,
          .label_field = fmt::format("{}", fmt::join(reading.label_field, ",")),
          .filter = fmt::format("{}", fmt::join(reading.filter, " and ")),
          .template_text = reading.template_text,
          .unknown_labels = reading.unknown_labels,
          .problem_type = reading.problem_type == "single"  ? ProblemType::kSingle
                          : reading.problem_type == "multi" ? ProblemType::kMulti
                                                            : ProblemType::kAuto,
          .format = reading.format};
}

Result<ReadOptions> ReadOptionsOf(const DataPlan& data) {
  ReadOptions read = ReadOptionsOf(data.reading);
  read.label_map = TRY(LabelMapOf(data));
  read.own_file = data.own_file;
  if (data.labels.size() == 1) {
    // Names are several: one alone would be no choice.
    read.labels_file = data.labels.front();
    std::error_code ignored;
    const bool directory = std::filesystem::is_directory(read.labels_file, ignored);
    if (directory || !std::filesystem::exists(read.labels_file, ignored)) {
      return Fail(directory ? ErrorCode::kInvalidArgument : ErrorCode::kNotFound,
                  fmt::format("--labels {}: {}, and a classifier needs at least two labels", data.labels.front(),
                              directory ? "this is a directory, not a file" : "there is no such file"),
                  "specify a file with the labels, or at least two labels separated by commas");
    }
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

namespace {

/// Divides "a=b, c=d" at its commas, if each part is a pair; otherwise a comma is a character of a name.
std::vector<std::string> PairsOf(const std::string& entry) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= entry.size();) {
    const size_t end = std::min(entry.find(',', begin), entry.size());
    if (const std::string_view part = TrimAscii(std::string_view(entry).substr(begin, end - begin)); !part.empty()) {
      parts.emplace_back(part);
    }
    begin = end + 1;
  }
  const bool pairs = std::ranges::all_of(parts, [](const std::string& part) { return part.contains('='); });
  if (parts.size() > 1 && pairs) return parts;
  return {entry};
}

}  // namespace

Result<std::map<std::string, std::string>> LabelMapOf(const DataPlan& data) {
  std::map<std::string, std::string> map;
  std::vector<std::string> entries;
  for (const std::string& entry : data.label_map) std::ranges::move(PairsOf(entry), std::back_inserter(entries));
  for (const std::string& entry : entries) {
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
  constexpr std::string_view kWarning = "warning: ";
  for (const std::string& line : Lines(report.Text())) {
    line.starts_with(kWarning) ? observer.Warn(line.substr(kWarning.size())) : observer.Note(line);
  }
  return split;
}

Result<void> AugmentTrainingPart(const TrainingPlan& plan, Split& split, TrainingObserver& observer) {
  TRY(AddSyntheticTexts(plan, split, observer));
  if (!plan.data.augment) return {};
  AugmentReport report;
  const std::array<const Dataset*, 2> held_out = {&split.validation, &split.test};
  std::vector<Example> variants =
      Augment(split.train, {.variants = plan.data.augment_variants, .seed = plan.seed}, report, held_out);
  split.variants = variants.size();
  std::ranges::move(variants, std::back_inserter(split.train.examples));
  for (const std::string& line : Lines(report.Text())) observer.Note(line);
  return {};
}

}  // namespace winnow

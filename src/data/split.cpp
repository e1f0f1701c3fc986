#include "data/split.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace winnow {
namespace {

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 10; ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > 10 ? text + " and " + std::to_string(names.size() - 10) + " more" : text;
}

/// Reads a held-out part with training's labels and kind.
Result<Dataset> ReadHeldOut(const std::vector<std::filesystem::path>& files, const char* part, const Dataset& train,
                            const ReadOptions& options, bool labels_given, ReadReport& report,
                            std::vector<std::string>& warnings) {
  ReadOptions held_out = options;
  held_out.labels = train.labels;
  // The kind of training holds, except that a file with one label a row needs no cutting of cells to be multi-label.
  if (!train.multi_label) held_out.problem_type = ProblemType::kSingle;
  Result<Dataset> dataset = ReadDataset(files, held_out, report);
  if (!labels_given && !report.unknown_labels.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, count] : report.unknown_labels) names.push_back(name + " (" + std::to_string(count) + ")");
    return Fail(
        ErrorCode::kInvalidData, report.files[0].file + ": labels that no training text has: " + Listed(names),
        "add training texts of them, or name the labels to learn with --labels: rows with others are then dropped");
  }
  if (!dataset) return dataset;
  dataset->multi_label = train.multi_label;
  std::vector<std::string> absent;
  for (const std::string& name : train.labels.names) {
    if (!report.label_counts.contains(name)) absent.push_back(name);
  }
  if (!absent.empty()) {
    warnings.push_back(std::string("the ") + part + " part has no text of: " + Listed(absent));
  }
  return dataset;
}

/// Labels of the given list that no training text has can't be learnt.
void WarnOfUntrained(const Dataset& train, std::vector<std::string>& warnings) {
  std::vector<char> seen(train.labels.size(), 0);
  for (const Example& example : train.examples) {
    for (const int32_t id : example.labels) seen[static_cast<size_t>(id)] = 1;
  }
  std::vector<std::string> absent;
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == 0) absent.push_back(train.labels.names[i]);
  }
  if (!absent.empty()) warnings.push_back("no training text has the label: " + Listed(absent));
}

}  // namespace

Result<Split> ReadSplit(const SplitFiles& files, const ReadOptions& options, const SplitOptions& split_options,
                        SplitReport& report) {
  report = {};
  Dataset train = TRY(ReadDataset(files.train, options, report.train));
  const bool labels_given = options.labels || !options.labels_file.empty();
  Dataset validation;
  Dataset test;
  if (!files.test.empty()) {
    test = TRY(ReadHeldOut(files.test, "test", train, options, labels_given, report.test, report.warnings));
    report.train_leaks += RemoveLeaks(train, test);
  }
  if (!files.validation.empty()) {
    validation = TRY(
        ReadHeldOut(files.validation, "validation", train, options, labels_given, report.validation, report.warnings));
    if (!test.examples.empty()) report.validation_leaks = RemoveLeaks(validation, test);
    report.train_leaks += RemoveLeaks(train, validation);
    if (validation.examples.empty()) {
      return Fail(ErrorCode::kInvalidData,
                  report.validation.files[0].file + ": all its texts are also in the test file",
                  "validate on other texts than you test on");
    }
  }
  report.duplicates = Deduplicate(train);
  if (train.examples.empty()) {
    return Fail(ErrorCode::kInvalidData,
                report.train.files[0].file + ": no training text is left after those of the held-out files (" +
                    std::to_string(report.train_leaks) + ") and duplicates with conflicting labels (" +
                    std::to_string(report.duplicates.conflicting) + ") are taken out",
                "train on other texts than you test on");
  }
  SplitOptions sizes = split_options;
  if (!files.test.empty()) sizes.test_size = 0;
  if (!files.validation.empty()) sizes.validation_size = 0;
  Split split = TRY(StratifiedSplit(std::move(train), sizes));
  if (!files.test.empty()) split.test = std::move(test);
  if (!files.validation.empty()) split.validation = std::move(validation);
  if (!split.training_only.empty()) {
    report.warnings.push_back("too few texts to be in every part, so all are trained on: " +
                              Listed(split.training_only));
  }
  WarnOfUntrained(split.train, report.warnings);
  report.train_size = split.train.examples.size();
  report.validation_size = split.validation.examples.size();
  report.test_size = split.test.examples.size();
  return split;
}

std::string SplitReport::Text() const {
  std::string text = train.Text();
  if (!validation.files.empty()) text += "validation: " + validation.Text();
  if (!test.files.empty()) text += "test: " + test.Text();
  text += duplicates.Text();
  if (train_leaks > 0) {
    text += "leaks: " + std::to_string(train_leaks) +
            " training texts are also in a held-out file; dropped from training\n";
  }
  if (validation_leaks > 0) {
    text += "leaks: " + std::to_string(validation_leaks) +
            " validation texts are also in the test file; dropped from validation\n";
  }
  text += "parts: " + std::to_string(train_size) + " train, " + std::to_string(validation_size) + " validation, " +
          std::to_string(test_size) + " test\n";
  for (const std::string& warning : warnings) text += "warning: " + warning + "\n";
  return text;
}

std::string SplitReport::Json() const {
  using Json = nlohmann::ordered_json;
  Json json;
  json["train"] = Json::parse(train.Json());
  if (!validation.files.empty()) json["validation"] = Json::parse(validation.Json());
  if (!test.files.empty()) json["test"] = Json::parse(test.Json());
  json["duplicates"] = Json::parse(duplicates.Json());
  json["train_leaks"] = train_leaks;
  json["validation_leaks"] = validation_leaks;
  json["train_size"] = train_size;
  json["validation_size"] = validation_size;
  json["test_size"] = test_size;
  json["warnings"] = warnings;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace winnow

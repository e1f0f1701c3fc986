/// `winnow evaluate --report DIR --against BUNDLE`: what is measured of a model, kept text by text, and written for
/// people to read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "classify/bundle_classifier.h"
#include "cli/labelled_data.h"
#include "evaluate/evaluation_report.h"
#include "pipeline/cross_validation.h"

namespace winnow {

struct ReportFilesOptions {
  std::optional<std::filesystem::path> report;
  std::optional<std::filesystem::path> against;
  bool texts = true;
};

/// The group "Report".
void AddReportOptions(ReportFilesOptions& options, OptionTable& table);

/// What a model said of a set's texts, and what that comes to.
struct MeasuredModel {
  ReportedModel about;
  Dataset dataset;  ///< with the model's labels, in its order
  std::vector<float> probabilities;
  DecidedTexts decided;
  Metrics metrics;
  size_t left_out = 0;  ///< rows with labels that the model doesn't know

  ReportedAnswers answers() const { return {probabilities, decided, metrics}; }
};

/// Classifies the texts. Errors: EvaluateClassifier's.
Result<MeasuredModel> MeasureOnTexts(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                                     Dataset dataset, Mode mode);

/// What cross-validation's models said of the texts that they had not seen. `bundle`, where there is one, is the one
/// whose recipe it was.
Result<MeasuredModel> MeasuredOfFolds(const std::filesystem::path& bundle, CrossValidated& done);

/// Leaves those texts in both sets that both have, with the same labels by name, in the first one's order. Texts are
/// known by file and row, since templates may differ. Returns how many rows were left out of the first set. Errors:
/// kInvalidData where nothing is left.
Result<size_t> KeepCommonTexts(Dataset& first, Dataset& second);

/// How a report's figures came to be, for its last section.
struct ReportCommand {
  const LabelledDataOptions& options;
  const std::vector<std::filesystem::path>& data;
  std::string line;  ///< to make it again
  int folds = 0;
};

/// All of the report but its pictures. `second` is null where there is one model. Errors: those of reading the data's
/// files again.
Result<EvaluationReport> MakeReport(const ReportCommand& command, const ReportFilesOptions& options,
                                    const MeasuredModel& first, const MeasuredModel* second);

/// Makes `directory` where it is missing, before long work. Errors: kIo, kInvalidArgument where it is a file.
Result<void> PrepareReportDirectory(const std::filesystem::path& directory);

/// Writes report.html, report.json and report.md, each whole; other files are left alone. Errors: kIo; those of
/// drawing.
Result<void> WriteReport(const EvaluationReport& report, const std::filesystem::path& directory);

/// `arguments` as a line that a POSIX shell reads as them.
std::string ShellLine(const std::vector<std::string>& arguments);

}  // namespace winnow

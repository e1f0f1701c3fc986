#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/progress.h"
#include "cli/measure_model.h"
#include "cli/report_charts.h"
#include "cli/report_sources.h"
#include "evaluate/evaluation.h"
#include "evaluate/report_html.h"
#include "evaluate/report_markdown.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Which texts a set has, by file and row; of one that was read twice, one after the other.
std::map<std::pair<std::string_view, size_t>, std::vector<size_t>> TextsByRow(const Dataset& dataset) {
  std::map<std::pair<std::string_view, size_t>, std::vector<size_t>> by_row;
  for (size_t i = dataset.examples.size(); i-- > 0;) {
    by_row[{dataset.examples[i].file, dataset.examples[i].row}].push_back(i);
  }
  return by_row;
}

std::vector<std::string> SortedNames(const Dataset& dataset, size_t i) {
  std::vector<std::string> names;
  for (const int32_t label : dataset.examples[i].labels)
    names.push_back(dataset.labels.names[static_cast<size_t>(label)]);
  std::ranges::sort(names);
  return names;
}

void Keep(const std::vector<size_t>& kept, Dataset& dataset) {
  std::vector<Example> examples;
  examples.reserve(kept.size());
  for (const size_t i : kept) examples.push_back(std::move(dataset.examples[i]));
  dataset.examples = std::move(examples);
}

Result<std::vector<ReportedFile>> FilesOf(const std::vector<fs::path>& data) {
  std::vector<ReportedFile> files;
  for (const fs::path& file : data) {
    std::error_code ignored;
    const bool regular = fs::is_regular_file(file, ignored);
    files.push_back({.path = file.string(), .sha256 = regular ? TRY(Sha256OfFile(file)) : ""});
  }
  return files;
}

ReportedModel About(const fs::path& bundle, const Manifest& manifest) {
  return {.name = manifest.name.empty() ? bundle.filename().string() : manifest.name,
          .bundle = bundle.string(),
          .version = manifest.version,
          .kind = manifest.kind,
          .base_model = BaseModelOf(bundle),
          .weights = {},
          .max_length = manifest.max_length,
          .thresholds = {}};
}

}  // namespace

void AddReportOptions(ReportFilesOptions& options, OptionTable& table) {
  table.Group("Report");
  table
      .Add("report", &options.report,
           "Write report.html, which needs no network, report.md and report.json into DIR: figures with intervals, "
           "curves, calibration, slices, the surest errors")
      .ValueName("DIR");
  table.Add("texts", &options.texts, "Texts of the data in the report; leave them out where they are private");
  table
      .Add("against", &options.against,
           "Compare with a second model on the same texts: differences with intervals, and McNemar's test")
      .ValueName("BUNDLE");
}

Result<MeasuredModel> MeasureOnTexts(const fs::path& bundle, const BundleClassifier& classifier, Dataset dataset,
                                     Mode mode) {
  MeasuredModel measured{.about = About(bundle, classifier.manifest()),
                         .dataset = std::move(dataset),
                         .probabilities = {},
                         .decided = {},
                         .metrics = {}};
  measured.about.weights = classifier.weights();
  if (classifier.positive_label() >= 0 && !classifier.multi_label()) {
    const Thresholds& t = classifier.manifest().thresholds;
    measured.about.thresholds = ModeThresholds{.strict = static_cast<float>(t.strict),
                                               .moderate = static_cast<float>(t.moderate),
                                               .lenient = static_cast<float>(t.lenient)};
  }
  const std::vector<InputTextView> texts = InputTexts(measured.dataset);
  ProgressBar bar("evaluate", static_cast<int64_t>(texts.size()));
  measured.probabilities = TRY(classifier.Probabilities(texts, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  const auto decide = [&](std::span<const float> row) { return classifier.DecideOne(row, {.mode = mode}); };
  measured.metrics = TRY(EvaluateAnswers({.probabilities = measured.probabilities,
                                          .labels = classifier.labels(),
                                          .multi_label = classifier.multi_label(),
                                          .positive_label = classifier.positive_label(),
                                          .decide = decide},
                                         measured.dataset));
  measured.decided = DecideTexts(measured.dataset, measured.probabilities, classifier.positive_label(), decide);
  return measured;
}

Result<MeasuredModel> MeasuredOfFolds(const fs::path& bundle, CrossValidated& done) {
  MeasuredModel measured{.about = About(bundle, TRY(ReadManifest(bundle))),
                         .dataset = std::move(done.tested),
                         .probabilities = std::move(done.probabilities),
                         .decided = {},
                         .metrics = done.result.pooled};
  const int32_t positive = measured.metrics.positive_label;
  size_t next = 0;
  // As the pooled figures are: each fold's model has thresholds of its own, which decided where texts have sets.
  measured.decided = DecideTexts(measured.dataset, measured.probabilities, positive, [&](std::span<const float> row) {
    if (!measured.dataset.multi_label) return Decide(row, {.positive_label = positive});
    Decision decision = DecideMultiLabel(row, {}, {.positive_label = positive});
    decision.labels = done.decided[next++];
    std::ranges::sort(decision.labels);
    return decision;
  });
  return measured;
}

Result<size_t> KeepCommonTexts(Dataset& first, Dataset& second) {
  auto rows_of_second = TextsByRow(second);
  std::vector<size_t> of_first, of_second;
  for (size_t i = 0; i < first.examples.size(); ++i) {
    const auto found = rows_of_second.find({first.examples[i].file, first.examples[i].row});
    if (found == rows_of_second.end() || found->second.empty()) continue;
    const size_t other = found->second.back();
    found->second.pop_back();
    if (SortedNames(first, i) != SortedNames(second, other)) continue;
    of_first.push_back(i);
    of_second.push_back(other);
  }
  if (of_first.empty()) {
    return Fail(ErrorCode::kInvalidData, "--against: no text has labels that both models know");
  }
  const size_t left_out = first.examples.size() - of_first.size();
  rows_of_second.clear();
  Keep(of_first, first);
  Keep(of_second, second);
  return left_out;
}

Result<EvaluationReport> MakeReport(const ReportCommand& command, const ReportFilesOptions& options,
                                    const MeasuredModel& first, const MeasuredModel* second) {
  ReportSettings settings{.with_texts = options.texts};
  settings.sources = TRY(SourcesOf(command.data, command.options, first.dataset));
  EvaluationReport report = MakeEvaluationReport(first.dataset, first.answers(), first.about.thresholds, settings);
  report.model = first.about;
  report.origin = {.data = TRY(FilesOf(command.data)),
                   .filter = FilterOf(command.options),
                   .mode = std::string(ModeName(command.options.mode)),
                   .timestamp = TimestampUtc(),
                   .winnow_version = WINNOW_VERSION,
                   .cpu = CpuName(),
                   .extensions = CpuExtensions(),
                   .command = command.line,
                   .folds = command.folds,
                   .left_out = first.left_out,
                   .notes = {}};
  if (second == nullptr) return report;
  if (second->left_out > 0) {
    report.origin.notes.push_back(fmt::format(
        "{} more row{} left out, whose labels the second model does not know or reads as others: both models "
        "are measured on the same texts.",
        second->left_out, second->left_out == 1 ? " was" : "s were"));
  }
  ReportedModel other = second->about;
  if (other.name == report.model.name) {
    report.model.name += " (" + report.model.bundle + ")";
    other.name += " (" + other.bundle + ")";
  }
  AddComparison(report, first.dataset, first.answers(), second->dataset, second->answers(), std::move(other), settings);
  return report;
}

Result<void> PrepareReportDirectory(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_directory(directory, error)) {
    return Fail(ErrorCode::kInvalidArgument, "--report: " + directory.string() + " is no directory");
  }
  fs::create_directories(directory, error);
  if (error) return Fail(ErrorCode::kIo, "--report: can't make " + directory.string() + ": " + error.message());
  return {};
}

Result<void> WriteReport(const EvaluationReport& report, const fs::path& directory) {
  Result<ReportCharts> charts = DrawReportCharts(report);
  if (!charts) {
    // The figures are worth having without.
    LogWarning("{}", charts.error().Text());
    charts = ReportCharts{};
    charts->missing = "they could not be drawn. report.json has the points of the curves.";
  } else if (!charts->missing.empty()) {
    LogWarning("the report has no charts: {}", charts->missing);
  }
  TRY(WriteFileAtomically(directory / "report.json", EvaluationReportJson(report).dump(1) + "\n"));
  TRY(WriteFileAtomically(directory / "report.md", ReportMarkdown(report)));
  TRY(WriteFileAtomically(directory / "report.html", ReportHtml(report, *charts)));
  LogInfo("the report is in {}", (directory / "report.html").string());
  return {};
}

std::string ShellLine(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    const bool plain = !argument.empty() && std::ranges::all_of(argument, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("-_./=,:@+").contains(c);
    });
    line += line.empty() ? "" : " ";
    if (plain) {
      line += argument;
      continue;
    }
    line += '\'';
    for (const char c : argument) line += c == '\'' ? "'\\''" : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace winnow

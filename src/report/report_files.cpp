#include "report/report_files.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/machine.h"
#include "report/report_html.h"
#include "report/report_markdown.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

Result<std::vector<ReportedFile>> FilesOf(const std::vector<fs::path>& data) {
  std::vector<ReportedFile> files;
  for (const fs::path& file : data) {
    std::error_code ignored;
    const bool regular = fs::is_regular_file(file, ignored);
    files.push_back({.path = file.string(), .sha256 = regular ? TRY(Sha256OfFile(file)) : ""});
  }
  return files;
}

}  // namespace

Result<EvaluationReport> MakeReport(const ReportCommand& command, const MeasuredModel& first,
                                    const MeasuredModel* second) {
  ReportSettings settings{.with_texts = command.with_texts};
  settings.sources = TRY(SourcesOf(command.data, command.fields, command.format, first.dataset));
  EvaluationReport report = MakeEvaluationReport(first.dataset, first.predictions(), first.about.thresholds, settings);
  report.model = first.about;
  report.origin = {.data = TRY(FilesOf(command.data)),
                   .filter = command.filter,
                   .mode = command.mode,
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
        "{} more row{} skipped, so that both models are evaluated on the same texts: the second model does not have "
        "their labels, or maps them to other labels.",
        second->left_out, second->left_out == 1 ? " was" : "s were"));
  }
  ReportedModel other = second->about;
  if (other.name == report.model.name) {
    report.model.name += " (" + report.model.bundle + ")";
    other.name += " (" + other.bundle + ")";
  }
  AddComparison(report, first.dataset, first.predictions(), second->dataset, second->predictions(), std::move(other),
                settings);
  return report;
}

Result<void> PrepareReportDirectory(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_directory(directory, error)) {
    return Fail(ErrorCode::kInvalidArgument, "--report: " + directory.string() + " is not a directory",
                "specify a directory, which is created if it does not exist");
  }
  fs::create_directories(directory, error);
  if (error) {
    return Fail(ErrorCode::kIo, "--report: cannot create " + directory.string() + ": " + error.message(),
                "specify another directory");
  }
  return {};
}

Result<void> WriteReport(const EvaluationReport& report, const fs::path& directory) {
  TRY(WriteFileAtomically(directory / "report.json", EvaluationReportJson(report).dump(1) + "\n"));
  TRY(WriteFileAtomically(directory / "report.md", ReportMarkdown(report)));
  TRY(WriteFileAtomically(directory / "report.html", ReportHtml(report)));
  LogInfo("wrote the report to {}", (directory / "report.html").string());
  return {};
}

}  // namespace winnow

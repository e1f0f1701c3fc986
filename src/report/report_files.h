/// An evaluation report on disk: report.html, report.md and report.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/evaluation_report.h"
#include "report/measured_model.h"
#include "report/report_sources.h"

namespace winnow {

/// The command that a report was made with, for the last section of the report.
struct ReportCommand {
  const std::vector<std::filesystem::path>& data;
  FieldNames fields;  ///< names of the fields as they were given
  FormatOptions format = {};
  std::string filter;      ///< filter of the rows; empty: none
  std::string mode;        ///< name of the mode, or the decision threshold in words
  std::string line;        ///< the command that makes the report
  int folds = 0;           ///< number of folds of a cross-validation; otherwise 0
  bool with_texts = true;  ///< true if the report quotes texts of the data
};

/// Makes the report of one model or, unless `second` is null, of two models on the same texts. Errors: those of reading
/// the files of the data again.
Result<EvaluationReport> MakeReport(const ReportCommand& command, const MeasuredModel& first,
                                    const MeasuredModel* second);

/// Makes `directory` if it is missing, before long work. Errors: kIo; kInvalidArgument if it is a file.
Result<void> PrepareReportDirectory(const std::filesystem::path& directory);

/// Writes report.html, report.json and report.md, each whole; other files are left alone. Errors: kIo.
Result<void> WriteReport(const EvaluationReport& report, const std::filesystem::path& directory);

}  // namespace winnow

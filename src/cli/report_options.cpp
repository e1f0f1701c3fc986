#include "cli/report_options.h"

namespace winnow {

void AddReportOptions(ReportFilesOptions& options, OptionTable& table) {
  table.Group("Report");
  table
      .Add("report", &options.report,
           "Write report.html (self-contained), report.md and report.json into DIR: metrics with confidence "
           "intervals, curves, calibration, slices, most confident errors")
      .ValueName("DIR");
  table.Add("texts", &options.texts, "Include texts of the data in the report; use --no-texts if they are private");
  table
      .Add("against", &options.against,
           "Compare with a second model on the same texts: differences with confidence intervals, and McNemar's test")
      .ValueName("BUNDLE");
}

}  // namespace winnow

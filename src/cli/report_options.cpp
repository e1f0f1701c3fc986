#include "cli/report_options.h"

namespace winnow {

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

}  // namespace winnow

/// A report's pictures, drawn by gnuplot. They hold numbers and our own words alone: what labels are called stands in
/// the page beside them.
#pragma once

#include "base/result.h"
#include "evaluate/evaluation_report.h"
#include "evaluate/report_html.h"

namespace winnow {

/// Without gnuplot there are none, and `missing` says so. Errors: cli/gnuplot.h.
Result<ReportCharts> DrawReportCharts(const EvaluationReport& report);

}  // namespace winnow

/// The charts of an evaluation report. They contain only numbers and words of Winnow: the names of labels are in the
/// page beside them.
#pragma once

#include <string>

#include "report/evaluation_report.h"

namespace winnow {

/// Charts as <svg> elements (InlineSvg); empty if the report has no data for one.
struct ReportCharts {
  std::string roc = {}, precision_recall = {}, reliability = {}, rates = {}, fpr = {};
};

ReportCharts DrawReportCharts(const EvaluationReport& report);

}  // namespace winnow

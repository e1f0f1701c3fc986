/// Parts of a report's page, each a few elements of HTML; empty if there is nothing to show.
#pragma once

#include <string>

#include "report/evaluation_report.h"
#include "report/report_charts.h"

namespace winnow {

/// Returns a name that somebody else chose as text for an element, isolated so that its writing direction does not
/// affect the text beside it.
std::string HtmlName(std::string_view name);

std::string HtmlConfusion(const Metrics& metrics);
std::string HtmlClasses(const EvaluationReport& report);
std::string HtmlCurves(const EvaluationReport& report, const ReportCharts& charts);
std::string HtmlReliability(const EvaluationReport& report, const ReportCharts& charts);
std::string HtmlThresholds(const EvaluationReport& report, const ReportCharts& charts);
std::string HtmlSlices(const EvaluationReport& report);
std::string HtmlErrors(const EvaluationReport& report);
std::string HtmlComparison(const EvaluationReport& report);

}  // namespace winnow

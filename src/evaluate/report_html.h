/// A report as one HTML file: no script, no network, light and dark, for screens from 360 pixels on and for paper.
/// Whatever is in labels, names and texts is shown and never obeyed: all of it goes through HtmlText, and the page's
/// content security policy allows nothing but its own style.
#pragma once

#include <string>

#include "evaluate/evaluation_report.h"

namespace winnow {

/// Pictures as <svg> elements, made by us alone; empty ones are left out. In them, var(--c1) ... var(--c8) are the
/// colours of series, var(--ink), var(--muted) and var(--line) those of text, axes and grids.
struct ReportCharts {
  std::string roc = {}, precision_recall = {}, reliability = {}, rates = {}, fpr = {};
  std::string missing = {};  ///< why there are none: "gnuplot is not installed"
};

/// UTF-8, with the lines of its source ended by \n.
std::string ReportHtml(const EvaluationReport& report, const ReportCharts& charts);

}  // namespace winnow

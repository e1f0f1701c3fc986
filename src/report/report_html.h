/// A report as one HTML file: no script, no network, light and dark, for screens from 360 pixels on and for paper.
/// Whatever is in labels, names and texts is shown and never obeyed: all of it goes through HtmlText, and the page's
/// content security policy allows nothing but its own style.
#pragma once

#include <string>

#include "report/evaluation_report.h"

namespace winnow {

/// UTF-8, with the lines of its source ended by \n.
std::string ReportHtml(const EvaluationReport& report);

}  // namespace winnow

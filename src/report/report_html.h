/// A report as one HTML file: no script, no network, light and dark, for screens from 360 pixels on and for paper.
/// Labels, names and texts are shown but never interpreted: all of them are escaped by HtmlText, and the page's content
/// security policy allows only its own style.
#pragma once

#include <string>

#include "report/evaluation_report.h"

namespace winnow {

/// Returns the page in UTF-8, with lines ended by \n.
std::string ReportHtml(const EvaluationReport& report);

}  // namespace winnow

/// A report as Markdown, for pull requests and model cards: the tables without the pictures.
#pragma once

#include <string>

#include "report/evaluation_report.h"

namespace winnow {

/// Returns CommonMark with GitHub's tables. Names and texts are escaped (MarkdownText).
std::string ReportMarkdown(const EvaluationReport& report);

}  // namespace winnow

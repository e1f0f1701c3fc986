/// What commands say about the texts that they have read.
#pragma once

#include "data/read_report.h"

namespace winnow {

/// Logs what was read, in the words of `winnow train`: the format, the number of rows, and the rows that were left out.
/// Plain lines of which none was left out are not worth a line.
void LogTextReport(const ReadReport& report);

/// Calls LogTextReport, and warns if rows were left out, so that --quiet does not hide them.
void LogTextReportOfAnswers(const ReadReport& report);

}  // namespace winnow

#include "cli/text_report.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/lines.h"
#include "base/log.h"
#include "data/fasttext.h"

namespace winnow {

void LogTextReport(const ReadReport& report) {
  const bool plain = report.warnings.empty() && std::ranges::all_of(report.files, [](const FileReport& file) {
                       return file.description == kPlainLines && file.invalid_bytes == 0 && file.notes.empty();
                     });
  if (plain && report.rows() == report.kept()) return;
  constexpr std::string_view kWarning = "warning: ";
  for (const std::string& line : Lines(report.Text())) {
    line.starts_with(kWarning) ? LogWarning("{}", line.substr(kWarning.size())) : LogInfo("{}", line);
  }
}

void LogTextReportOfAnswers(const ReadReport& report) {
  LogTextReport(report);
  if (const size_t left_out = report.Dropped(DropReason::kUnreadable); left_out > 0) {
    LogWarning("{} of {} rows were left out, because they cannot be read or have no text", left_out, report.rows());
  }
}

}  // namespace winnow

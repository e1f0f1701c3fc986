#include "warnings.h"

#include <utility>

#include "base/log.h"

namespace winnow {
namespace {

std::string& Lines() {
  static std::string lines;
  return lines;
}

}  // namespace

void LogFormatted(LogLevel level, fmt::string_view format, fmt::format_args arguments) {
  if (level == LogLevel::kWarning || level == LogLevel::kError) Lines() += fmt::vformat(format, arguments) + "\n";
}

std::string TakeWarnings() { return std::exchange(Lines(), {}); }

}  // namespace winnow

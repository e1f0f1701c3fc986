#include "milter/failure_log.h"

#include <fmt/format.h>

namespace winnow {

std::optional<std::string> FailureLog::Failed(int kind, std::string_view message, Clock::time_point now) {
  const auto [found, first] = kinds_.try_emplace(kind);
  Kind& of = found->second;
  if (!first && now - of.reported < std::chrono::minutes(1)) {
    ++of.unreported;
    return std::nullopt;
  }
  std::string line(message);
  if (of.unreported > 0) line += fmt::format(" ({} more messages of mail since the last report)", of.unreported);
  of = {.reported = now};
  return line;
}

}  // namespace winnow

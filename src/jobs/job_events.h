/// From the log lines of a job's process, as --log-format json writes them, to events.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"

namespace winnow {

/// Returns the event of a line: "progress", "evaluation" or "log"; a line that is not JSON, such as a message of the
/// system, is a log line of the level "error". Nothing for an empty line.
std::optional<Json> EventOfLine(std::string_view line);

}  // namespace winnow

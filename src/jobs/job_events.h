/// From the log lines of a job's process, as --log-format json writes them, to events.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace winnow {

/// Returns the event of a line: "progress", "evaluation" or "log"; a line that is not JSON, such as a message of the
/// system, is a log line of the level "error". Nothing for an empty line.
std::optional<Json> EventOfLine(std::string_view line);

/// Returns a message without the beginnings of paths in it: with "/srv/workspace/", "wrote /srv/workspace/models/spam"
/// becomes "wrote models/spam".
std::string WithoutPaths(std::string message, std::span<const std::string> beginnings);

}  // namespace winnow

/// Lines as the log of LogFormat::kJson has them, for what is told whatever the level.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"

namespace winnow {

/// Returns the line of a message, without its end; with a hint it has a member "hint".
std::string JsonLogLine(LogLevel level, std::string_view message, std::string_view hint = {});

}  // namespace winnow

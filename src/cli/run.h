/// From a command line to an exit code.
#pragma once

#include <span>
#include <string>

namespace winnow {

/// `arguments` are those behind the program's name. Finds the command, fills its options, sets up logging and runs it;
/// an error is printed on standard error. Returns 0 when done, 1 when it failed, 2 for wrong usage.
int RunCommandLine(std::span<const std::string> arguments);

}  // namespace winnow

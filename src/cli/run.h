/// Running of a command line.
#pragma once

#include <span>
#include <string>

namespace winnow {

/// Finds the command, fills in its options, sets up logging and runs it; an error is printed on standard error.
/// `arguments` are the arguments after the program's name. Returns 0 on success, 1 on failure, 2 for wrong usage.
int RunCommandLine(std::span<const std::string> arguments);

}  // namespace winnow

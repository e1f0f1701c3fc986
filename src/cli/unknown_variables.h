/// Environment variables that look like options of Winnow and are none.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace winnow {

/// Returns a warning for each of the variables ("NAME" or "NAME=value") whose name begins with WINNOW_ and is neither
/// that of an option of a command nor another one that a program of Winnow reads: a misspelt one has no effect.
std::vector<std::string> UnknownVariableWarnings(std::span<const std::string> variables);

/// Returns the warnings of the environment of the process.
std::vector<std::string> UnknownVariableWarnings();

}  // namespace winnow

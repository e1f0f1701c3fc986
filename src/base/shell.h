/// Quoting of command lines for a POSIX shell, for messages and documents that show commands. Nothing is executed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// Returns `text` in single quotes, as one word of a command line.
std::string ShellQuoted(std::string_view text);

/// Returns `arguments` as a command line, quoted where necessary.
std::string ShellLine(const std::vector<std::string>& arguments);

}  // namespace winnow

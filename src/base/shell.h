/// Command lines as a POSIX shell reads them, for messages and documents that show commands. Nothing is run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// `text` in single quotes, as one word of a command line.
std::string ShellQuoted(std::string_view text);

/// `arguments` as a command line, quoted where it is needed.
std::string ShellLine(const std::vector<std::string>& arguments);

}  // namespace winnow

/// What surrounds the process: its variables, its terminal, where it was installed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

/// An environment variable; one that is set to nothing counts as unset.
std::optional<std::string> EnvironmentVariable(const std::string& name);

/// Whether the file descriptor is a terminal that can redraw a line (TERM is not "dumb").
bool IsTerminal(int fd);

/// Whether to colour what goes to `fd`: on a terminal, unless NO_COLOR is set (no-color.org).
bool UsesColour(int fd);

/// Columns of the terminal at `fd`, or `otherwise` where it has none.
int TerminalWidth(int fd, int otherwise);

/// The directory of the running executable; empty where the system doesn't tell.
std::filesystem::path ExecutableDirectory();

/// Directories that hold share/winnow/`name`, nearest first: under the prefix that Winnow is installed in (bin/winnow),
/// or the checkout that it was built in (build/PRESET/winnow).
std::vector<std::filesystem::path> SharedDirectories(const std::string& name);

}  // namespace winnow

/// The environment of the process: its variables, its terminal and the directory it was installed in.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

/// Returns the value of an environment variable; a variable with an empty value counts as unset.
std::optional<std::string> EnvironmentVariable(const std::string& name);

/// Returns true if the file descriptor is a terminal that can redraw a line (TERM is not "dumb").
bool IsTerminal(int fd);

/// Returns true if output to `fd` should be coloured: `fd` is a terminal, and NO_COLOR is not set (no-color.org).
bool UsesColour(int fd);

/// Returns the number of columns of the terminal at `fd`, or `otherwise` if `fd` is not a terminal.
int TerminalWidth(int fd, int otherwise);

/// Returns the file by which another process of this program is started: the running executable, or, where that is the
/// loader of a tarball, the launcher which started it. An empty path if the system does not report the executable, to
/// which `link` refers.
std::filesystem::path ExecutablePath(const std::filesystem::path& link = "/proc/self/exe");

/// Returns the directory of the running executable (ExecutablePath), or an empty path if the system does not report it.
std::filesystem::path ExecutableDirectory();

/// A directory, and the variable or convention that it follows from: "$XDG_CACHE_HOME", "~/.cache".
struct ChosenDirectory {
  std::filesystem::path path;
  std::string reason;
};

/// Returns the directory for files that can be made again: winnow/ below XDG_CACHE_HOME, otherwise below ~/.cache.
/// Nothing if neither XDG_CACHE_HOME nor HOME is set.
std::optional<ChosenDirectory> CacheDirectory();

/// Returns the directory in which a service keeps its state: STATE_DIRECTORY, which systemd sets, otherwise
/// CacheDirectory.
std::optional<ChosenDirectory> StateDirectory();

/// Returns the directories that contain share/winnow/`name`, nearest first: under the prefix that Winnow is installed
/// in (bin/winnow), or in the checkout that it was built in (build/PRESET/winnow).
std::vector<std::filesystem::path> SharedDirectories(const std::string& name);

}  // namespace winnow

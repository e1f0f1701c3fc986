#include "base/environment.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace winnow {

std::optional<std::string> EnvironmentVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

bool IsTerminal(int fd) { return ::isatty(fd) == 1 && EnvironmentVariable("TERM").value_or("") != "dumb"; }

bool UsesColour(int fd) { return IsTerminal(fd) && !EnvironmentVariable("NO_COLOR"); }

int TerminalWidth(int fd, int otherwise) {
  winsize size = {};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

std::filesystem::path ExecutablePath(const std::filesystem::path& link) {
  std::error_code error;
  const std::filesystem::path executable = std::filesystem::read_symlink(link, error);
  if (error) return {};
  // PREFIX/lib/winnow/winnow-loader, the loader of a tarball, which PREFIX/bin/winnow starts
  // (deploy/tarball/launcher.c).
  if (executable.filename() == "winnow-loader")
    return executable.parent_path().parent_path().parent_path() / "bin" / "winnow";
  return executable;
}

std::filesystem::path ExecutableDirectory() { return ExecutablePath().parent_path(); }

std::optional<ChosenDirectory> CacheDirectory() {
  if (const auto cache = EnvironmentVariable("XDG_CACHE_HOME")) {
    return ChosenDirectory{std::filesystem::path(*cache) / "winnow", "XDG_CACHE_HOME is set"};
  }
  if (const auto home = EnvironmentVariable("HOME")) {
    return ChosenDirectory{std::filesystem::path(*home) / ".cache" / "winnow", "XDG_CACHE_HOME is not set"};
  }
  return std::nullopt;
}

std::optional<ChosenDirectory> StateDirectory() {
  if (const auto state = EnvironmentVariable("STATE_DIRECTORY")) {
    return ChosenDirectory{state->substr(0, state->find(':')), "STATE_DIRECTORY is set, as systemd does for a service"};
  }
  return CacheDirectory();
}

std::vector<std::filesystem::path> SharedDirectories(const std::string& name) {
  std::vector<std::filesystem::path> found;
  std::filesystem::path prefix = ExecutableDirectory();
  constexpr int kLevels = 3;  // build/PRESET/winnow lies two below the checkout, bin/winnow one below the prefix
  for (int level = 0; level < kLevels && !prefix.empty(); ++level, prefix = prefix.parent_path()) {
    const std::filesystem::path directory = prefix / "share" / "winnow" / name;
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) found.push_back(directory);
  }
  return found;
}

}  // namespace winnow

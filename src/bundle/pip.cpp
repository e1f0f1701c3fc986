#include "bundle/pip.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "base/files.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// posix_spawn's two descriptions, released whatever happens.
struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
};

/// Starts a program with its output in `log`. 0 or errno.
int Spawn(const std::vector<std::string>& arguments, const fs::path& log, pid_t& child) {
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&settings.actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&settings.actions, 1, 2);
  // A group of its own, so that what pip starts ends with it; signals as a fresh program expects them.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return ::posix_spawnp(&child, argv[0], &settings.actions, &settings.attributes, argv.data(), environ);
}

enum class End { kExited, kStopped, kTimedOut };

/// Waits for the child; ends it and its group where that takes too long or `keep_going` says no.
End Wait(pid_t child, const PipOptions& options, int& status) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_seconds);
  for (;;) {
    const pid_t done = ::waitpid(child, &status, WNOHANG);
    if (done == child) return End::kExited;
    if (done < 0 && errno != EINTR) {  // someone else has waited for it: its exit status is lost
      status = 0;
      return End::kExited;
    }
    const bool stopped = options.keep_going && !options.keep_going();
    if (stopped || std::chrono::steady_clock::now() > deadline) {
      ::kill(-child, SIGTERM);
      for (int waited = 0; waited < 40 && ::waitpid(child, &status, WNOHANG) == 0; ++waited)
        std::this_thread::sleep_for(milliseconds(50));
      if (::waitpid(child, &status, WNOHANG) == 0) {
        ::kill(-child, SIGKILL);
        ::waitpid(child, &status, 0);
      }
      return stopped ? End::kStopped : End::kTimedOut;
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
}

/// pip's "ERROR:" lines, else its last one.
std::string Complaint(const std::string& log) {
  std::string errors;
  std::string last;
  for (size_t begin = 0; begin < log.size();) {
    const size_t end = std::min(log.find('\n', begin), log.size());
    const std::string line = log.substr(begin, end - begin);
    if (line.starts_with("ERROR: ")) errors += (errors.empty() ? "" : "; ") + line.substr(7);
    if (!line.empty()) last = line;
    begin = end + 1;
  }
  const std::string& said = errors.empty() ? last : errors;
  return said.substr(0, 400);
}

Result<fs::path> FindWheel(const fs::path& dir) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".whl") return entry.path();
  }
  return Fail(ErrorCode::kNetwork, "pip says that it has downloaded the package, but there is no wheel");
}

}  // namespace

Result<fs::path> PipDownload(const std::string& requirement, const fs::path& dir, const PipOptions& options) {
  const fs::path log_path = dir / "pip.log";
  for (const std::vector<std::string>& command : options.commands) {
    std::vector<std::string> arguments = command;
    for (const char* argument : {"download", "--no-deps", "--only-binary", ":all:", "--no-input", "--retries", "2",
                                 "--progress-bar", "off", "--disable-pip-version-check", "--dest"})
      arguments.emplace_back(argument);
    arguments.push_back(dir.string());
    arguments.push_back(requirement);
    pid_t child = 0;
    if (const int number = Spawn(arguments, log_path, child); number != 0) {
      if (number == ENOENT || number == EACCES) continue;
      return Fail(ErrorCode::kIo, fmt::format("can't start {}: {}", command.front(), std::strerror(number)));
    }
    int status = 0;
    const End end = Wait(child, options, status);
    const std::string log = ReadFile(log_path).value_or("");
    if (end == End::kStopped) return Fail(ErrorCode::kCancelled, "pip download: cancelled");
    if (end == End::kTimedOut)
      return Fail(ErrorCode::kNetwork,
                  fmt::format("pip download {}: not done after {} s", requirement, options.timeout_seconds));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return FindWheel(dir);
    const bool no_pip =
        log.find("No module named pip") != std::string::npos || (WIFEXITED(status) && WEXITSTATUS(status) == 127);
    if (no_pip) continue;
    return Fail(ErrorCode::kNetwork, fmt::format("pip download {}: {}", requirement, Complaint(log)));
  }
  return Fail(ErrorCode::kNotFound, fmt::format("pip download {}: there is no pip on this machine", requirement),
              "install it: apt-get install python3-pip");
}

}  // namespace winnow

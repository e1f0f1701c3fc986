#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

namespace winnow {
namespace {

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

/// The environment of this process with other values of some variables, for exec: the strings stay the caller's and the
/// process's.
std::vector<char*> Environment(const std::vector<std::string>& variables) {
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const std::string_view name = entry.substr(0, std::min(entry.find('=') + 1, entry.size()));
    const bool replaced = !name.empty() && std::ranges::any_of(variables, [&](const std::string& variable) {
      return variable.starts_with(name);
    });
    if (!replaced) environment.push_back(*each);
  }
  for (const std::string& variable : variables) environment.push_back(const_cast<char*>(variable.c_str()));
  environment.push_back(nullptr);
  return environment;
}

/// Starts a program. 0 or errno.
int Spawn(const std::vector<std::string>& arguments, const ProgramStreams& streams,
          const std::vector<std::string>& variables, pid_t& child) {
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, streams.out, 1);
  posix_spawn_file_actions_adddup2(&settings.actions, streams.err, 2);
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 34)
  // What libraries have opened without O_CLOEXEC: a program that kept a server's socket would keep its port, too.
  posix_spawn_file_actions_addclosefrom_np(&settings.actions, 3);
#endif
#endif
  // A group of its own, so that what it starts ends with it; signals as a fresh program expects them.
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
  std::vector<char*> environment = Environment(variables);
  return ::posix_spawnp(&child, argv[0], &settings.actions, &settings.attributes, argv.data(), environment.data());
}

/// Waits for the child; ends it and its group where that takes too long or `keep_going` says no.
ProgramEnd::How Wait(pid_t child, const ProgramOptions& options, int& status) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_seconds);
  for (;;) {
    const pid_t done = ::waitpid(child, &status, WNOHANG);
    if (done == child) return ProgramEnd::kExited;
    if (done < 0 && errno != EINTR) {  // someone else has waited for it: its exit status is lost
      status = 0;
      return ProgramEnd::kExited;
    }
    const bool stopped = options.keep_going && !options.keep_going();
    if (stopped || std::chrono::steady_clock::now() > deadline) {
      ::kill(-child, SIGTERM);
      for (int waited = 0; waited < 40 && ::waitpid(child, &status, WNOHANG) == 0; ++waited)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (::waitpid(child, &status, WNOHANG) == 0) {
        ::kill(-child, SIGKILL);
        ::waitpid(child, &status, 0);
      }
      return stopped ? ProgramEnd::kStopped : ProgramEnd::kTimedOut;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

Result<pid_t> StartProgram(const std::vector<std::string>& arguments, const ProgramStreams& streams,
                           const std::vector<std::string>& variables) {
  pid_t child = 0;
  const int number = Spawn(arguments, streams, variables, child);
  if (number == 0) return child;
  const bool missing = number == ENOENT || number == EACCES;
  return Fail(missing ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("cannot start {}: {}", arguments.front(), std::strerror(number)));
}

Result<ProgramEnd> RunProgram(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  const int log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) {
    return Fail(ErrorCode::kIo, fmt::format("cannot write {}: {}", options.log.string(), std::strerror(errno)));
  }
  const Result<pid_t> started = StartProgram(arguments, {.out = log, .err = log});
  ::close(log);
  const pid_t child = TRY(started);
  int status = 0;
  const ProgramEnd::How how = Wait(child, options, status);
  return ProgramEnd{how, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
}

}  // namespace winnow

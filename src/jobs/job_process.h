/// The process of a job while it runs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/result.h"

namespace winnow {

struct JobProcessOptions {
  std::vector<std::string> arguments;       ///< the program first
  std::vector<std::string> variables = {};  ///< "NAME=value" for its environment, which other users do not see
  std::filesystem::path output;             ///< file that receives standard output
  uint64_t memory_bytes = 0;                ///< RLIMIT_DATA; 0: none
  std::chrono::seconds time_limit{24 * 3600};
  std::chrono::milliseconds patience{10000};  ///< from SIGTERM to SIGKILL
};

/// Identifies a process: ids are used again, but not with the same start time.
struct ProcessIdentity {
  pid_t id = 0;
  int64_t start = 0;  ///< in clock ticks since the machine's start
};

/// Runs a process to its end. `started` is called once it runs; `take_line` receives the lines of its standard error;
/// when `keep_going`, polled several times a second, returns false, the process is ended together with all processes
/// that it started. Errors: kNotFound, kIo.
Result<ProgramEnd> RunJobProcess(const JobProcessOptions& options,
                                 const std::function<void(const ProcessIdentity&)>& started,
                                 const std::function<void(std::string_view line)>& take_line,
                                 const std::function<bool()>& keep_going);

/// Ends the group of a process that another server has started, if that process still runs.
void EndLeftProcess(const ProcessIdentity& process, std::chrono::milliseconds patience);

}  // namespace winnow

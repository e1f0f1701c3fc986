/// Running other programs as child processes, without a shell.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct ProgramOptions {
  std::filesystem::path log;  ///< file that receives the program's standard output and standard error
  int timeout_seconds = 900;
  std::function<bool()> keep_going = {};  ///< polled while the program runs; returning false stops the program
};

struct ProgramEnd {
  enum How { kExited, kStopped, kTimedOut } how = kExited;
  int status = 0;  ///< exit status; for a program ended by a signal 128 plus the signal's number

  bool succeeded() const { return how == kExited && status == 0; }
};

/// The ends of a program's input and output: open file descriptors, which stay the caller's.
struct ProgramStreams {
  int out = -1, err = -1;
};

/// Starts the program arguments[0], which is looked up in PATH, with an empty standard input and no other descriptors
/// but `streams`, in a process group of its own, so that kill(-id) reaches all processes that it starts. Returns its
/// process id; the caller waits for its end. `variables`, "NAME=value", take the place of this process's environment
/// variables of the same names. Errors: kNotFound if there is no such program; kIo.
Result<pid_t> StartProgram(const std::vector<std::string>& arguments, const ProgramStreams& streams,
                           const std::vector<std::string>& variables = {});

/// Runs the program arguments[0], which is looked up in PATH, with an empty standard input, and waits for its end. A
/// program that is stopped or exceeds the time limit is ended together with all processes that it started. Errors:
/// kNotFound if there is no such program; kIo.
Result<ProgramEnd> RunProgram(const std::vector<std::string>& arguments, const ProgramOptions& options);

}  // namespace winnow

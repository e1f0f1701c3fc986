/// Running other programs as child processes, without a shell.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

struct ProgramOptions {
  std::filesystem::path log;  ///< gets what it writes on both outputs
  int timeout_seconds = 900;
  std::function<bool()> keep_going = {};  ///< asked while it runs; false stops it
};

struct ProgramEnd {
  enum How { kExited, kStopped, kTimedOut } how = kExited;
  int status = 0;  ///< exit status; 128 + the signal that ended it

  bool succeeded() const { return how == kExited && status == 0; }
};

/// Runs the program that arguments[0] names (looked for in PATH), with an empty standard input, and waits. One that is
/// stopped or takes too long is ended with all processes that it started. Errors: kNotFound when there is no such
/// program; kIo.
Result<ProgramEnd> RunProgram(const std::vector<std::string>& arguments, const ProgramOptions& options);

}  // namespace winnow

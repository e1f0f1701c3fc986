/// Why a job has failed, in one line that says what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/process.h"

namespace winnow {

/// Gathers what a process writes about its end. Not thread-safe.
class FailureReason {
 public:
  /// Takes a message of the level "error". One that is indented goes on with the message before.
  void Add(std::string_view message);

  /// Returns the reason for which a process that was not asked to end has failed, in the words of RequestWords.
  std::string Text(const ProgramEnd& end, std::chrono::seconds time_limit, uint64_t memory_bytes) const;

 private:
  std::string message_;
};

/// Returns an error of a command in the words of those who start jobs by requests: "--label-field" is "option
/// 'label-field'", and advice that only a command line can follow is what a request does instead. A whole command to
/// run elsewhere ("winnow verify BUNDLE --public-key FILE") stays as it is.
std::string RequestWords(std::string_view message);

/// Returns a sentence about the processes that hold memory of NVIDIA GPUs, as nvidia-smi lists them; empty if there are
/// none, or no nvidia-smi.
std::string GpuMemoryHolders();

}  // namespace winnow

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

  /// Returns the reason for which a process that was not asked to end has failed.
  std::string Text(const ProgramEnd& end, std::chrono::seconds time_limit, uint64_t memory_bytes) const;

 private:
  std::string message_;
};

/// Returns a sentence about the processes that hold memory of NVIDIA GPUs, as nvidia-smi lists them; empty if there are
/// none, or no nvidia-smi.
std::string GpuMemoryHolders();

}  // namespace winnow

#include <csignal>
#include <string>
#include <vector>

#include "base/malloc_arenas.h"
#include "base/mapped_memory.h"
#include "base/standard_files.h"
#include "cli/required_cpu.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  winnow::OpenMissingStandardFiles();
  winnow::RequireCpuOfBuild();
  // A closed pipe and a file-size limit are errors of the write that meets them, like a full disk, not of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  winnow::GuardMappedMemory();
  winnow::ShareArenaIfLimited();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return winnow::RunCommandLine(arguments);
}

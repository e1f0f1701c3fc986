/// The machine that a metric was measured on, and the resources that the process used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace winnow {

/// Returns the name of the CPU, such as "Intel(R) Xeon(R) Processor", or "unknown".
std::string CpuName();

/// Returns those instruction set extensions used by Winnow's kernels that the CPU has: "avx2 avx512 vnni bf16 amx".
std::string CpuExtensions();

/// Returns the largest resident memory of this process so far, in bytes.
int64_t PeakMemoryBytes();

/// The resident memory of this process, and the part of it that is mapped from files (weights, libraries).
struct MemoryUse {
  int64_t bytes = 0;
  int64_t file_bytes = 0;
};
MemoryUse ResidentMemory();

/// Returns the number of bytes that this process could still allocate: the memory that the system has free or can free,
/// bounded by what the limits of its control groups leave (MemoryMax= of a service, the memory of a container). 0 if
/// the system does not report it. `root` is "/", but for tests.
int64_t AvailableMemory(const std::filesystem::path& root = "/");

/// Returns the current time as ISO 8601 in UTC: "2026-11-20T22:15:04Z".
std::string TimestampUtc();

}  // namespace winnow

/// The machine that a metric was measured on, and the resources that the process used.
#pragma once

#include <cstdint>
#include <string>

namespace winnow {

/// "Intel(R) Xeon(R) Processor", or "unknown".
std::string CpuName();

/// The extensions that matter for Winnow's kernels, of those that the CPU has: "avx2 avx512 vnni bf16 amx".
std::string CpuExtensions();

/// Largest resident memory of this process so far, in bytes.
int64_t PeakMemoryBytes();

/// Memory of this process that is resident now, and the part of it that is mapped from files (weights, libraries).
struct MemoryUse {
  int64_t bytes = 0;
  int64_t file_bytes = 0;
};
MemoryUse ResidentMemory();

/// Bytes that this process could still take: what the system has free or can free, bounded by the control group's
/// limit. 0 where that can't be told.
int64_t AvailableMemory();

/// The moment as ISO 8601 in UTC: "2026-11-20T22:15:04Z".
std::string TimestampUtc();

}  // namespace winnow

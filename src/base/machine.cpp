#include "base/machine.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/control_groups.h"

namespace winnow {
namespace {

/// The value of a line of /proc/cpuinfo, of the first core.
std::string CpuInfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
}

/// The bytes that a control group leaves to its processes; nothing without a limit. The cache of the files that they
/// have read and written counts as used, but the system drops it for those who need memory.
std::optional<int64_t> MemoryLeftBy(const ControlGroup& group) {
  const bool first = group.version == 1;
  std::ifstream limit_file(group.path / (first ? "memory.limit_in_bytes" : "memory.max"));
  std::ifstream used_file(group.path / (first ? "memory.usage_in_bytes" : "memory.current"));
  int64_t limit = 0, used = 0;
  if (!(limit_file >> limit) || !(used_file >> used)) return std::nullopt;  // "max"
  const std::string prefix = first ? "total_" : "";
  std::ifstream statistics(group.path / "memory.stat");
  int64_t bytes = 0;
  for (std::string key; statistics >> key >> bytes;) {
    if (key == prefix + "active_file" || key == prefix + "inactive_file") used -= bytes;
  }
  return std::max<int64_t>(limit - std::max<int64_t>(used, 0), 0);
}

}  // namespace

std::string CpuName() {
  const std::string name = CpuInfo("model name");
  return name.empty() ? "unknown" : name;
}

std::string CpuExtensions() {
  std::istringstream words(CpuInfo("flags"));
  std::string found;
  const std::pair<const char*, const char*> known[] = {{"avx2", "avx2"},        {"avx512f", "avx512"},
                                                       {"avx512_vnni", "vnni"}, {"avx_vnni", "avx-vnni"},
                                                       {"avx512_bf16", "bf16"}, {"amx_bf16", "amx"}};
  const std::string flags = " " + words.str() + " ";
  for (const auto& [flag, name] : known) {
    if (flags.find(std::string(" ") + flag + " ") != std::string::npos)
      found += (found.empty() ? "" : " ") + std::string(name);
  }
  return found;
}

int64_t PeakMemoryBytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

MemoryUse ResidentMemory() {
  std::ifstream file("/proc/self/statm");  // pages: size, resident, shared (files and shared memory)
  int64_t size = 0, resident = 0, shared = 0;
  file >> size >> resident >> shared;
  const int64_t page = ::sysconf(_SC_PAGESIZE);
  return {resident * page, shared * page};
}

int64_t AvailableMemory(const std::filesystem::path& root) {
  int64_t available = 0;
  std::ifstream info(root / "proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    constexpr std::string_view kKey = "MemAvailable:";
    if (line.starts_with(kKey)) available = std::atoll(line.c_str() + kKey.size()) * 1024;
  }
  for (const ControlGroup& group : ControlGroupsOf("memory", root)) {
    if (const std::optional<int64_t> left = MemoryLeftBy(group)) available = std::min(available, *left);
  }
  return available;
}

std::string TimestampUtc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace winnow

#include "base/machine.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

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

int64_t AvailableMemory() {
  int64_t available = 0;
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    constexpr std::string_view kKey = "MemAvailable:";
    if (line.starts_with(kKey)) available = std::atoll(line.c_str() + kKey.size()) * 1024;
  }
  // Version 2 of control groups: a number, or "max".
  std::ifstream limit_file("/sys/fs/cgroup/memory.max"), used_file("/sys/fs/cgroup/memory.current");
  int64_t limit = 0, used = 0;
  if (limit_file >> limit && used_file >> used) available = std::min(available, std::max<int64_t>(limit - used, 0));
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

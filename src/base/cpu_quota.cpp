#include "base/cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace winnow {
namespace {

namespace fs = std::filesystem;

void TakeLeast(std::optional<double>& least, std::optional<double> quota) {
  if (quota) least = least ? std::min(*least, *quota) : *quota;
}

std::optional<double> Ratio(double quota, double period) {
  if (quota > 0 && period > 0) return quota / period;
  return std::nullopt;
}

/// The quota of one group of version 2: "max 100000" or "150000 100000", in microseconds.
std::optional<double> QuotaOfVersion2(const fs::path& group) {
  double quota = 0, period = 0;
  std::ifstream file(group / "cpu.max");
  if (file >> quota >> period) return Ratio(quota, period);
  return std::nullopt;
}

/// The quota of one group of version 1: two files, of which the first has -1 without a quota.
std::optional<double> QuotaOfVersion1(const fs::path& group) {
  double quota = 0, period = 0;
  std::ifstream quota_file(group / "cpu.cfs_quota_us"), period_file(group / "cpu.cfs_period_us");
  if (quota_file >> quota && period_file >> period) return Ratio(quota, period);
  return std::nullopt;
}

/// Returns the least quota of the group at `path` below `mount` and of all groups that contain it. In a container that
/// does not see the groups outside, `path` does not exist below `mount`; the groups that do exist count.
template <typename QuotaOf>
std::optional<double> LeastQuota(const fs::path& mount, const fs::path& path, const QuotaOf& quota_of) {
  std::optional<double> least = quota_of(mount);
  fs::path group = mount;
  for (const fs::path& part : path.relative_path()) {
    if (part == "..") break;  // the process is outside of what its namespace shows
    group /= part;
    TakeLeast(least, quota_of(group));
  }
  return least;
}

bool HasCpuController(std::string_view controllers) {
  while (!controllers.empty()) {
    const size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == "cpu") return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::optional<double> CpuQuota(const fs::path& root) {
  std::optional<double> least;
  std::ifstream groups(root / "proc/self/cgroup");  // "0::/path", or "4:cpu,cpuacct:/path" for version 1
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) {
      TakeLeast(least, LeastQuota(root / "sys/fs/cgroup", path, QuotaOfVersion2));
    } else if (HasCpuController(controllers)) {
      TakeLeast(least, LeastQuota(root / "sys/fs/cgroup/cpu", path, QuotaOfVersion1));
    }
  }
  return least;
}

}  // namespace winnow

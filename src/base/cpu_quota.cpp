#include "base/cpu_quota.h"

#include <algorithm>
#include <fstream>

#include "base/control_groups.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

std::optional<double> CpuQuota(const fs::path& root) {
  std::optional<double> least;
  for (const ControlGroup& group : ControlGroupsOf("cpu", root)) {
    const auto quota = group.version == 2 ? QuotaOfVersion2(group.path) : QuotaOfVersion1(group.path);
    if (quota) least = least ? std::min(*least, *quota) : *quota;
  }
  return least;
}

}  // namespace winnow

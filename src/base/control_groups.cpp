#include "base/control_groups.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Adds the group at `path` below `mount` and all groups that contain it.
void AddGroups(int version, const fs::path& mount, const fs::path& path, std::vector<ControlGroup>& groups) {
  groups.push_back({version, mount});
  fs::path group = mount;
  for (const fs::path& part : path.relative_path()) {
    if (part == "..") break;  // the process is outside of what its namespace shows
    group /= part;
    groups.push_back({version, group});
  }
}

bool Contains(std::string_view controllers, std::string_view controller) {
  while (!controllers.empty()) {
    const size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == controller) return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::vector<ControlGroup> ControlGroupsOf(std::string_view controller, const fs::path& root) {
  std::vector<ControlGroup> groups;
  std::ifstream file(root / "proc/self/cgroup");  // "0::/path", or "4:cpu,cpuacct:/path" for version 1
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) {
      AddGroups(2, root / "sys/fs/cgroup", path, groups);
    } else if (Contains(controllers, controller)) {
      AddGroups(1, root / "sys/fs/cgroup" / controller, path, groups);
    }
  }
  return groups;
}

}  // namespace winnow

/// The control groups that a process runs in: those of a container, or of a service of systemd (cgroups(7)).
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace winnow {

struct ControlGroup {
  int version = 2;             ///< 1 or 2: their files have other names
  std::filesystem::path path;  ///< directory of the group's files
};

/// Returns the groups whose limits hold for this process, the outermost first: those of version 2, and those of version
/// 1 that have the controller, such as "cpu" or "memory". In a container that does not see the groups outside, some of
/// the directories do not exist. `root` is "/", but for tests.
std::vector<ControlGroup> ControlGroupsOf(std::string_view controller, const std::filesystem::path& root = "/");

}  // namespace winnow

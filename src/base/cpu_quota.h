/// The CPU quota of the control group that a process runs in: of a container, or of a service with CPUQuota=.
#pragma once

#include <filesystem>
#include <optional>

namespace winnow {

/// Returns how many CPUs' time the process may use, which can be a fraction such as 1.5; nothing without a quota. The
/// quota of every control group counts that contains the process's own (cgroups(7), versions 1 and 2). `root` is "/",
/// but for tests.
std::optional<double> CpuQuota(const std::filesystem::path& root = "/");

}  // namespace winnow

#include "base/cpu_quota.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

class CpuQuotaTest : public testing::Test {
 protected:
  void Write(std::string_view path, std::string_view content) const {
    const std::filesystem::path file = directory_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  std::optional<double> Quota() const { return CpuQuota(directory_.path()); }

 private:
  TemporaryDirectory directory_;
};

TEST_F(CpuQuotaTest, NothingWithoutControlGroupsOrQuota) {
  EXPECT_EQ(Quota(), std::nullopt);
  Write("proc/self/cgroup", "0::/user.slice\n");
  Write("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  EXPECT_EQ(Quota(), std::nullopt);
}

TEST_F(CpuQuotaTest, ContainerSeesItsGroupAsTheRoot) {
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(Quota(), 1.5);
}

TEST_F(CpuQuotaTest, LeastQuotaOfServiceAndSliceCounts) {
  Write("proc/self/cgroup", "0::/system.slice/winnow.service\n");
  Write("sys/fs/cgroup/system.slice/winnow.service/cpu.max", "250000 100000\n");
  EXPECT_EQ(Quota(), 2.5);
  Write("sys/fs/cgroup/system.slice/cpu.max", "50000 50000\n");
  EXPECT_EQ(Quota(), 1.0);
}

TEST_F(CpuQuotaTest, VersionOneIsReadWhereTheCpuControllerIsNamed) {
  Write("proc/self/cgroup", "5:cpuset:/docker/a\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/docker/a\nbroken\n");
  Write("sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), std::nullopt);
  Write("sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(Quota(), 0.5);
}

TEST_F(CpuQuotaTest, GroupsOutsideOfTheNamespaceAreNotLookedFor) {
  Write("proc/self/cgroup", "0::/../other\n");
  Write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  Write("sys/fs/other/cpu.max", "100000 100000\n");
  EXPECT_EQ(Quota(), 2.0);
}

}  // namespace
}  // namespace winnow

#include "base/machine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

class AvailableMemoryTest : public testing::Test {
 protected:
  void SetUp() override { Write("proc/meminfo", "MemTotal: 4000 kB\nMemFree: 100 kB\nMemAvailable:   2000 kB\n"); }
  void Write(std::string_view path, std::string_view content) const {
    const std::filesystem::path file = directory_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  int64_t Kilobytes() const { return AvailableMemory(directory_.path()) / 1024; }

 private:
  TemporaryDirectory directory_;
};

TEST_F(AvailableMemoryTest, IsThatOfTheMachineWithoutALimit) {
  EXPECT_EQ(Kilobytes(), 2000);
  Write("proc/self/cgroup", "0::/user.slice\n");
  Write("sys/fs/cgroup/user.slice/memory.max", "max\n");
  Write("sys/fs/cgroup/user.slice/memory.current", "4096\n");
  EXPECT_EQ(Kilobytes(), 2000);
}

TEST_F(AvailableMemoryTest, AServiceAndItsSliceLimitIt) {
  Write("proc/self/cgroup", "0::/system.slice/winnow.service\n");
  Write("sys/fs/cgroup/system.slice/winnow.service/memory.max", "1024000\n");
  Write("sys/fs/cgroup/system.slice/winnow.service/memory.current", "102400\n");
  EXPECT_EQ(Kilobytes(), 900);
  Write("sys/fs/cgroup/system.slice/memory.max", "512000\n");
  Write("sys/fs/cgroup/system.slice/memory.current", "204800\n");
  EXPECT_EQ(Kilobytes(), 300);
}

TEST_F(AvailableMemoryTest, TheFileCacheOfAContainerCanBeFreed) {
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/memory.max", "1024000\n");
  Write("sys/fs/cgroup/memory.current", "1024000\n");
  EXPECT_EQ(Kilobytes(), 0);
  Write("sys/fs/cgroup/memory.stat",
        "anon 204800\nfile 819200\ninactive_anon 102400\nactive_file 307200\ninactive_file 512000\n");
  EXPECT_EQ(Kilobytes(), 800);
}

TEST_F(AvailableMemoryTest, VersionOneHasOtherFiles) {
  Write("proc/self/cgroup", "4:memory:/docker/a\n0::/\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "4096\n");
  Write("sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "1024000\n");
  Write("sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes", "614400\n");
  Write("sys/fs/cgroup/memory/docker/a/memory.stat", "cache 9\ntotal_active_file 102400\ntotal_inactive_file 102400\n");
  EXPECT_EQ(Kilobytes(), 600);
}

}  // namespace
}  // namespace winnow

#include "base/mapped_memory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class MappedMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    GuardMappedMemory();
    std::ofstream(path_) << std::string(kBytes, 'x');
  }

  static size_t Sum(const MappedFile& file) {
    return std::accumulate(file.bytes().begin(), file.bytes().end(), size_t{0},
                           [](size_t sum, std::byte byte) { return sum + static_cast<size_t>(byte); });
  }

  static constexpr size_t kBytes = 1 << 20;
  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("mapped").value();
  fs::path path_ = directory_.path() / "weights";
};

TEST_F(MappedMemoryTest, ATruncatedFileReadsAsZerosAndIsAnError) {
  const MappedFile file = MappedFile::Open(path_).value();
  EXPECT_EQ(Sum(file), kBytes * 'x');
  EXPECT_TRUE(CheckMapped(file.bytes().data()));
  EXPECT_TRUE(CheckMapped(file.bytes().data() + kBytes - 1));
  fs::resize_file(path_, 100);
  EXPECT_EQ(Sum(file), size_t{100} * 'x') << "the rest is zeros";
  const Result<void> checked = CheckMapped(file.bytes().data() + 5);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kIo);
  EXPECT_NE(checked.error().message.find("weights: the file was truncated"), std::string::npos);
  fs::resize_file(path_, kBytes);
  EXPECT_FALSE(CheckMapped(file.bytes().data())) << "what was lost stays lost";
}

TEST_F(MappedMemoryTest, AnOverwrittenFileIsAnErrorAndAReplacedOneIsNot) {
  const MappedFile file = MappedFile::Open(path_).value();
  fs::copy_file(path_, directory_.path() / "new");
  fs::rename(directory_.path() / "new", path_);
  EXPECT_TRUE(CheckMapped(file.bytes().data())) << "the mapped file is whole, if without a name";
  const MappedFile replaced = MappedFile::Open(path_).value();
  fs::last_write_time(path_, fs::last_write_time(path_) + std::chrono::seconds(5));
  EXPECT_FALSE(CheckMapped(replaced.bytes().data()));
  EXPECT_TRUE(CheckMapped(file.bytes().data()));
}

TEST_F(MappedMemoryTest, OtherMemoryAndUnmappedFilesPass) {
  const int value = 0;
  EXPECT_TRUE(CheckMapped(&value));
  EXPECT_TRUE(CheckMapped(nullptr));
  const std::byte* address = nullptr;
  {
    const MappedFile file = MappedFile::Open(path_).value();
    address = file.bytes().data();
    fs::resize_file(path_, 0);
    EXPECT_FALSE(CheckMapped(address));
  }
  EXPECT_TRUE(CheckMapped(address));
}

TEST_F(MappedMemoryTest, ThreadsThatReadATruncatedFileAllGoOn) {
  const MappedFile file = MappedFile::Open(path_).value();
  fs::resize_file(path_, 4096);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_EQ(Sum(file), size_t{4096} * 'x'); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(CheckMapped(file.bytes().data()));
}

using MappedMemoryDeathTest = MappedMemoryTest;

TEST_F(MappedMemoryDeathTest, AnotherBusErrorEndsTheProcess) {
  EXPECT_EXIT(::raise(SIGBUS), testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace winnow

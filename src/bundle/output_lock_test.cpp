#include "bundle/output_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/temporary_directory.h"
#include "bundle/directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class OutputLockTest : public testing::Test {
 protected:
  /// Entries of the directory around the target.
  size_t Entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()));
  }

  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("lock").value();
  fs::path target_ = directory_.path() / "spam";
};

TEST_F(OutputLockTest, ASecondWriterIsRefusedUntilTheFirstIsDone) {
  {
    const BundleWriter first = BundleWriter::Begin(target_, false).value();
    const auto second = BundleWriter::Begin(target_, true);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kExists);
    EXPECT_NE(second.error().message.find("another process is writing this directory"), std::string::npos);
    EXPECT_TRUE(BundleWriter::Begin(directory_.path() / "ham", false)) << "another target";
    EXPECT_TRUE(fs::exists(first.path())) << "the refused one removed nothing";
  }
  EXPECT_TRUE(BundleWriter::Begin(target_, false));
  EXPECT_EQ(Entries(), 0u);
}

TEST_F(OutputLockTest, ALockBecomesThatOfAWriter) {
  OutputLock lock = OutputLock::Take(target_).value();
  EXPECT_FALSE(BundleWriter::Begin(target_, false));
  BundleWriter writer = BundleWriter::Begin(target_, false, std::move(lock)).value();
  std::ofstream(writer.path() / "config.json") << "{}";
  EXPECT_TRUE(writer.Commit());
  EXPECT_TRUE(fs::exists(target_ / "config.json"));
  EXPECT_TRUE(OutputLock::Take(target_));
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(OutputLockTest, AKilledProcessLeavesNoLock) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = OutputLock::Take(target_);
    const char told = lock ? 'y' : 'n';
    if (::write(ready[1], &told, 1) == 1) ::pause();
    ::_exit(1);
  }
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  ASSERT_EQ(told, 'y');
  EXPECT_FALSE(OutputLock::Take(target_));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(OutputLock::Take(target_));
  EXPECT_EQ(Entries(), 0u) << "what the killed process left is removed";
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(OutputLockTest, InPlaceALockIsTakenWhereItCanBe) {
  EXPECT_TRUE(OutputLock::TakeInPlace(target_)->path().empty()) << "there is nothing to lock";
  EXPECT_FALSE(fs::exists(target_));
  fs::create_directory(target_);
  const OutputLock lock = OutputLock::TakeInPlace(target_).value();
  EXPECT_FALSE(lock.path().empty());
  EXPECT_EQ(OutputLock::TakeInPlace(target_).error().code, ErrorCode::kExists);
}

TEST_F(OutputLockTest, SomebodyElsesLockOfTheParentDelaysAndStopsNoWriter) {
  const int parent = ::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(parent, LOCK_EX), 0);
  EXPECT_TRUE(OutputLock::Take(target_));
  ::close(parent);
}

}  // namespace
}  // namespace winnow

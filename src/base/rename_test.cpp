#include "base/rename.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(Rename, TwoFilesAreExchanged) {
  TemporaryDirectory directory;
  const auto a = directory.path() / "a", b = directory.path() / "b";
  ASSERT_TRUE(WriteFileAtomically(a, "first"));
  ASSERT_TRUE(WriteFileAtomically(b, "second"));
  const int error = ExchangeNames(a.c_str(), b.c_str());
  if (error == EINVAL || error == ENOSYS) GTEST_SKIP() << "this file system cannot exchange names";
  ASSERT_EQ(error, 0);
  EXPECT_EQ(ReadFile(a).value(), "second");
  EXPECT_EQ(ReadFile(b).value(), "first");
  EXPECT_EQ(ExchangeNames(a.c_str(), (directory.path() / "none").c_str()), ENOENT);
}

TEST(Rename, AnExistingFileIsNotReplaced) {
  TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "a", "first"));
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "b", "second"));
  const int fd = ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const int refused = RenameWithoutReplacing(fd, "a", fd, "b");
  const int renamed = RenameWithoutReplacing(fd, "a", fd, "c");
  ::close(fd);
  if (refused == EINVAL || refused == ENOSYS) GTEST_SKIP() << "this file system cannot refuse to replace";
  EXPECT_EQ(refused, EEXIST);
  EXPECT_EQ(renamed, 0);
  EXPECT_EQ(ReadFile(directory.path() / "b").value(), "second");
  EXPECT_EQ(ReadFile(directory.path() / "c").value(), "first");
}

}  // namespace
}  // namespace winnow

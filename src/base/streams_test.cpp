#include "base/streams.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(Streams, FilesCanBeReadTwiceAndStreamsCannot) {
  TemporaryDirectory directory;
  const auto file = directory.path() / "file", pipe = directory.path() / "pipe";
  std::ofstream(file) << "contents of a file";
  std::filesystem::create_symlink(file, directory.path() / "link");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(CanBeReadTwice(file));
  EXPECT_TRUE(CanBeReadTwice(directory.path() / "link"));
  EXPECT_TRUE(CanBeReadTwice(directory.path())) << "its opening says what is wrong";
  EXPECT_TRUE(CanBeReadTwice(directory.path() / "missing")) << "its opening says what is wrong";
  EXPECT_FALSE(CanBeReadTwice(pipe));
  EXPECT_FALSE(CanBeReadTwice("-"));
}

}  // namespace
}  // namespace winnow

#include "base/environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(Environment, AVariableSetToNothingCountsAsUnset) {
  ASSERT_EQ(::setenv("WINNOW_ENVIRONMENT_TEST", "value", 1), 0);
  EXPECT_EQ(EnvironmentVariable("WINNOW_ENVIRONMENT_TEST"), "value");
  ASSERT_EQ(::setenv("WINNOW_ENVIRONMENT_TEST", "", 1), 0);
  EXPECT_EQ(EnvironmentVariable("WINNOW_ENVIRONMENT_TEST"), std::nullopt);
  ASSERT_EQ(::unsetenv("WINNOW_ENVIRONMENT_TEST"), 0);
  EXPECT_EQ(EnvironmentVariable("WINNOW_ENVIRONMENT_TEST"), std::nullopt);
}

TEST(Environment, APipeIsNoTerminalAndHasNoWidth) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(IsTerminal(ends[1]));
  EXPECT_FALSE(UsesColour(ends[1]));
  EXPECT_EQ(TerminalWidth(ends[1], 77), 77);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Environment, TheExecutablesDirectoryHoldsThisTest) {
  EXPECT_TRUE(std::filesystem::exists(ExecutableDirectory() / "base_unit_tests"));
}

TEST(Environment, AProgramThatTheLoaderOfATarballRunsIsStartedByItsLauncher) {
  const TemporaryDirectory directory;
  const std::filesystem::path link = directory.path() / "exe";
  std::filesystem::create_symlink("/opt/with space/lib/winnow/winnow-loader", link);
  EXPECT_EQ(ExecutablePath(link), "/opt/with space/bin/winnow");
  std::filesystem::remove(link);
  std::filesystem::create_symlink("/usr/bin/winnow", link);
  EXPECT_EQ(ExecutablePath(link), "/usr/bin/winnow");
  EXPECT_EQ(ExecutablePath(directory.path() / "missing"), "");
}

TEST(Environment, ASharedDirectoryThatIsNotThereIsNotFound) {
  EXPECT_TRUE(SharedDirectories("no-such-directory").empty());
}

}  // namespace
}  // namespace winnow

#include "base/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

constexpr bool kClosesDescriptors =
#if !defined(__GLIBC__)
    false;
#else
    __GLIBC_PREREQ(2, 34) != 0;
#endif

TEST(RunProgram, KeepsOutputAndStatus) {
  const TemporaryDirectory dir;
  const auto log = dir.path() / "log";
  const auto end = RunProgram({"sh", "-c", "echo said; echo more >&2; exit 3"}, {.log = log});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 3);
  EXPECT_FALSE(end->succeeded());
  EXPECT_EQ(ReadFile(log).value(), "said\nmore\n");
  EXPECT_TRUE(RunProgram({"true"}, {.log = log})->succeeded());
}

TEST(RunProgram, PassesNoDescriptorsOnExceptTheStandardOnes) {
  if (!kClosesDescriptors) GTEST_SKIP() << "the C library cannot close all descriptors of a new process";
  const TemporaryDirectory dir;
  const auto log = dir.path() / "log";
  constexpr int kInherited = 57;
  ASSERT_EQ(::dup2(STDOUT_FILENO, kInherited), kInherited);  // without FD_CLOEXEC
  const auto end =
      RunProgram({"sh", "-c", "for i in 0 1 2 57; do [ -e /proc/$$/fd/$i ] && echo $i; done"}, {.log = log});
  ::close(kInherited);
  ASSERT_TRUE(end);
  EXPECT_EQ(ReadFile(log).value(), "0\n1\n2\n");
}

TEST(RunProgram, MissingProgramsAreNotFound) {
  const TemporaryDirectory dir;
  const auto end = RunProgram({"no-such-program-anywhere"}, {.log = dir.path() / "log"});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kNotFound);
}

TEST(RunProgram, IsStoppedWithWhatItStarted) {
  const TemporaryDirectory dir;
  int asked = 0;
  const auto end = RunProgram({"sh", "-c", "sleep 60 & sleep 60"},
                              {.log = dir.path() / "log", .keep_going = [&] { return ++asked < 3; }});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, ProgramEnd::kStopped);
}

}  // namespace
}  // namespace winnow

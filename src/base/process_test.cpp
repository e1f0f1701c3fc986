#include "base/process.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

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

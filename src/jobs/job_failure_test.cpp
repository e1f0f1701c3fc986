#include "jobs/job_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kLimit{60};

std::string Reason(std::initializer_list<const char*> messages, int status, uint64_t memory_bytes = 0) {
  FailureReason reason;
  for (const char* const message : messages) reason.Add(message);
  return reason.Text({.how = ProgramEnd::kExited, .status = status}, kLimit, memory_bytes);
}

TEST(FailureReason, IsTheLastErrorWithItsAdvice) {
  EXPECT_EQ(Reason({"winnow train: error: no column has labels", "  name one with --label-field"}, 1),
            "no column has labels; name one with option 'label-field'");
  EXPECT_EQ(Reason({"first", "  with this", "second"}, 1), "second");
  EXPECT_EQ(Reason({}, 3), "the process ended with exit code 3");
  EXPECT_EQ(Reason({}, 128 + SIGSEGV), "the process ended by signal 11");
}

TEST(FailureReason, NamesOptionsAsRequestsDo) {
  EXPECT_EQ(RequestWords("mail.csv: no column for the label; specify --label-field (or several 0/1 columns: a,b,c)"),
            "mail.csv: no column for the label; specify option 'label-field' (or several 0/1 columns: a,b,c)");
  EXPECT_EQ(RequestWords("--max-fpr .01 requires more texts; raise it, or --no-tune-thresholds (--seed 7)"),
            "option 'max-fpr' .01 requires more texts; raise it, or option 'no-tune-thresholds' (option 'seed' 7)");
  EXPECT_EQ(RequestWords("there are no held-out texts; specify labelled texts with --data FILE"),
            "there are no held-out texts; specify labelled texts with 'data'");
  EXPECT_EQ(RequestWords("the last checkpoint is c; repeat the command with --resume to continue from it"),
            "the last checkpoint is c; resume the job to continue from it");
  EXPECT_EQ(RequestWords("a label is 'x--y' -- or --, as it was"), "a label is 'x--y' -- or --, as it was");
}

TEST(FailureReason, KeepsCommandsToRunElsewhere) {
  EXPECT_EQ(RequestWords("fine-tune it first: winnow train DATA --seed 7; or choose another --base-model"),
            "fine-tune it first: winnow train DATA --seed 7; or choose another option 'base-model'");
  EXPECT_EQ(RequestWords("unwinnow --kind lr"), "unwinnow option 'kind' lr");
}

TEST(FailureReason, SaysWhatToDoWhenMemoryIsShort) {
  EXPECT_THAT(Reason({}, 128 + SIGKILL), HasSubstr("probably needed more memory than this machine had; try a smaller"));
  EXPECT_THAT(Reason({"winnow train: error: out of memory", "  reduce --batch-size"}, 1, 200'000'000),
              StartsWith("the job needed more memory than the server's limit of 200 MB "
                         "(winnow serve --job-memory-mb); try a smaller batch"));
  EXPECT_THAT(Reason({}, 128 + SIGSEGV, 200'000'000),
              StartsWith("the job probably needed more memory than the server's limit"));
  EXPECT_THAT(Reason({"terminate called after throwing an instance of 'std::bad_alloc'"}, 134),
              HasSubstr("more memory"));
}

TEST(FailureReason, NamesTheTimeLimit) {
  EXPECT_THAT(FailureReason().Text({.how = ProgramEnd::kTimedOut}, kLimit, 0), HasSubstr("60 s"));
}

TEST(FailureReason, NamesWhoHoldsTheMemoryOfTheGpu) {
  const TemporaryDirectory directory;
  const std::filesystem::path program = directory.path() / "nvidia-smi";
  std::ofstream(program) << "#!/bin/sh\necho '4711, python3, 79000 MiB'\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  ASSERT_EQ(::setenv("PATH", (directory.path().string() + ":" + path).c_str(), 1), 0);
  EXPECT_THAT(Reason({"CUDA out of memory"}, 1), HasSubstr("4711, python3, 79000 MiB"));
  ASSERT_EQ(::setenv("PATH", path.c_str(), 1), 0);
}

}  // namespace
}  // namespace winnow

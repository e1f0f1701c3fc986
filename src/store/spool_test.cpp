#include "store/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "base/files.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Reads the records of all segments and removes them, as a delivery does.
std::vector<std::string> Drain(Spool& spool) {
  std::vector<std::string> records;
  while (const auto segment = spool.Oldest().value()) {
    records.insert(records.end(), segment->records.begin(), segment->records.end());
    EXPECT_TRUE(spool.Remove(*segment));
  }
  return records;
}

std::filesystem::path OnlySegment(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) found.push_back(entry.path());
  EXPECT_EQ(found.size(), 1u);
  return found.at(0);
}

TEST(Spool, GivesBackRecordsInTheirOrderAcrossProcessesAndSegments) {
  const TemporaryDirectory directory;
  for (int process = 0; process < 3; ++process) {
    const auto spool = Spool::Open(directory.path() / "spool", {.segment_bytes = 40}).value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool->Append(std::to_string(process) + "." + std::to_string(i)));
  }
  const auto spool = Spool::Open(directory.path() / "spool").value();
  EXPECT_FALSE(spool->empty());
  EXPECT_THAT(Drain(*spool), ElementsAre("0.0", "0.1", "0.2", "1.0", "1.1", "1.2", "2.0", "2.1", "2.2"));
  EXPECT_TRUE(spool->empty());
  EXPECT_EQ(spool->bytes(), 0u);
}

TEST(Spool, TakesRecordsWhileTheOldestAreDelivered) {
  const TemporaryDirectory directory;
  const auto spool = Spool::Open(directory.path()).value();
  ASSERT_TRUE(spool->Append("a"));
  const auto segment = spool->Oldest().value();
  ASSERT_TRUE(spool->Append("b"));
  EXPECT_THAT(segment->records, ElementsAre("a"));
  ASSERT_TRUE(spool->Remove(*segment));
  EXPECT_THAT(Drain(*spool), ElementsAre("b"));
}

TEST(Spool, ATornEndCostsOnlyTheLineThatWasNotAcknowledged) {
  const TemporaryDirectory directory;
  {
    const auto spool = Spool::Open(directory.path()).value();
    ASSERT_TRUE(spool->Append("first"));
    ASSERT_TRUE(spool->Append("second"));
  }
  const std::filesystem::path file = OnlySegment(directory.path());
  const std::string whole = ReadFile(file).value();
  const size_t second = whole.find('\n') + 1;
  for (size_t cut = second; cut <= whole.size(); ++cut) {
    for (const bool zeros : {false, true}) {  // a file system may have made the file longer, and written no data
      std::string left = whole.substr(0, cut);
      if (zeros) left.resize(whole.size(), '\0');
      ASSERT_TRUE(WriteFileAtomically(file, left));
      const auto spool = Spool::Open(directory.path()).value();
      const auto segment = spool->Oldest().value();
      EXPECT_EQ(segment->records.size(), left == whole ? 2u : 1u) << cut;
      EXPECT_EQ(segment->records[0], "first");
      EXPECT_FALSE(segment->damaged) << cut;
    }
  }
}

TEST(Spool, KeepsADamagedFile) {
  const TemporaryDirectory directory;
  {
    const auto spool = Spool::Open(directory.path()).value();
    for (const char* record : {"first", "second", "third"}) ASSERT_TRUE(spool->Append(record));
  }
  const std::filesystem::path file = OnlySegment(directory.path());
  std::string contents = ReadFile(file).value();
  contents[contents.find("second")] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(file, contents));
  const auto spool = Spool::Open(directory.path()).value();
  const auto segment = spool->Oldest().value();
  EXPECT_TRUE(segment->damaged);
  EXPECT_THAT(segment->records, ElementsAre("first", "third"));
  ASSERT_TRUE(spool->Remove(*segment));
  EXPECT_EQ(ReadFile(std::filesystem::path(file).replace_extension(".damaged")).value(), contents);
  EXPECT_TRUE(spool->empty());
}

TEST(Spool, BelongsToOneProcess) {
  const TemporaryDirectory directory;
  const auto spool = Spool::Open(directory.path()).value();
  const Error error = ErrorOf(Spool::Open(directory.path()));
  EXPECT_EQ(error.code, ErrorCode::kExists);
  EXPECT_THAT(error.message, HasSubstr("another process uses this spool"));
}

TEST(Spool, RecordsOfManyAppendersThreadAreAllThere) {
  const TemporaryDirectory directory;
  const auto spool = Spool::Open(directory.path(), {.segment_bytes = 500}).value();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(spool->Append(std::to_string(thread * 100 + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> records = Drain(*spool);
  EXPECT_EQ(std::set<std::string>(records.begin(), records.end()).size(), 200u);
  EXPECT_EQ(records.size(), 200u);
}

TEST(Spool, RefusesRecordsBeyondItsLimit) {
  const TemporaryDirectory directory;
  const auto spool = Spool::Open(directory.path(), {.total_bytes = 50}).value();
  ASSERT_TRUE(spool->Append("a"));
  EXPECT_THAT(ErrorOf(spool->Append(std::string(60, 'x'))).message, HasSubstr("the spool is full"));
  EXPECT_THAT(Drain(*spool), ElementsAre("a"));
}

/// In a process of its own, since the limit on the size of files holds for all files.
TEST(Spool, AFullDiskIsAClearErrorAndLeavesTheOtherRecords) {
  const TemporaryDirectory directory;
  const auto in_child = [&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto spool = Spool::Open(directory.path()).value();
    if (!spool->Append("before")) return 1;
    const auto refused = spool->Append(std::string(2000, 'x'));
    if (refused || refused.error().hint.find("free disk space") == std::string::npos) return 2;
    return spool->Append("after") ? 0 : 3;
  };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(in_child());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto spool = Spool::Open(directory.path()).value();
  EXPECT_THAT(Drain(*spool), ElementsAre("before", "after"));
}

}  // namespace
}  // namespace winnow

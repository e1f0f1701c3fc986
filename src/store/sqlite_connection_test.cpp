// SQLite files that several processes have open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "store/sql_connection.h"
#include "store/store.h"
#include "support/store_databases.h"
#include "support/stored_feedback.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::ElementsAre;

TEST(SqliteConnection, TwoProcessesWriteToOneSqliteFile) {
  const TemporaryDirectory directory;
  const std::string url = (directory.path() / "store.db").string();
  const auto add = [&](const std::string& process) {
    const auto store = Store::Open({.url = url, .limits = kPatientLimits});
    if (!store) return 1;
    for (int i = 0; i < 60; ++i) {
      if (!(*store)->AddFeedback(SpamReport(process + std::to_string(i)))) return 2;
      if (!(*store)->AddFeedback(SpamReport("of both " + std::to_string(i)))) return 3;
    }
    return 0;
  };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(add("child"));
  EXPECT_EQ(add("parent"), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Store::Open({.url = url}).value()->CountFeedback({}).value(), 180);
}

TEST(SqliteConnection, AProcessThatEndsLeavesTheLogOfAnotherThatRuns) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "store.db").string();
  const StoreAddress address = ParseStoreUrl(path).value();
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t child = ::fork();  // before SQLite knows the file: its state does not survive a fork
  if (child == 0) {
    char byte = 0;
    if (::read(go[0], &byte, 1) != 1) ::_exit(2);
    const bool read = OpenSqlConnection(address, {}).value()->Run("SELECT * FROM t").has_value();
    ::_exit(read ? 0 : 1);
  }
  std::vector<std::unique_ptr<SqlConnection>> connections;
  for (int i = 0; i < 3; ++i) {
    connections.push_back(OpenSqlConnection(address, {}).value());
    ASSERT_TRUE(connections.back()->Execute(i == 0 ? "CREATE TABLE t (x)" : "SELECT * FROM t"));
  }
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(path + "-wal")) << "this process still writes to it";
  ::close(go[0]);
  ::close(go[1]);
}

TEST(SqliteConnection, ASqliteFileIsReadableByItsOwnerAlone) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "store.db").string();
  const auto store = Store::Open({.url = file}).value();
  for (const char* suffix : {"", "-wal"}) {
    struct stat status {};
    ASSERT_EQ(::stat((file + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
  }
}

/// Adds feedback in the steps that the pipe asks for, and acknowledges each, until it is killed.
[[noreturn]] void AddWhenAsked(const std::string& url, int asked, int done) {
  const auto store = Store::Open({.url = url}).value();
  char step = 0;
  while (::read(asked, &step, 1) == 1) {
    const bool added = store->AddFeedback(SpamReport(std::string(1, step), std::string(1, step))).has_value();
    if (!added || ::write(done, &step, 1) != 1) break;
  }
  ::_exit(1);
}

TEST(SqliteConnection, AnotherProcessThatClosesASqliteStoreTakesNothingAway) {
  const TemporaryDirectory directory;
  const std::string url = (directory.path() / "store.db").string();
  int asked[2], done[2];
  ASSERT_EQ(::pipe(asked), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) AddWhenAsked(url, asked[0], done[1]);
  const auto add = [&](char step) {
    char acknowledged = 0;
    return ::write(asked[1], &step, 1) == 1 && ::read(done[0], &acknowledged, 1) == 1 && acknowledged == step;
  };
  ASSERT_TRUE(add('a'));
  EXPECT_EQ(Store::Open({.url = url}).value()->CountFeedback({}).value(), 1);  // and closes it
  ASSERT_TRUE(add('b'));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const int end : {asked[0], asked[1], done[0], done[1]}) ::close(end);
  EXPECT_THAT(TextsOf(Store::Open({.url = url}).value()->ListFeedback({}).value()), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace winnow

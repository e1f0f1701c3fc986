#include "backup/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class BackupTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_.path() / name; }
  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories(path(name).parent_path());
    ASSERT_TRUE(WriteFileAtomically(path(name), text));
  }
  std::string Read(const std::string& name) const { return ReadFile(path(name)).value_or("(missing)"); }
  std::vector<std::string> Names(const std::string& below = "") const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path(below))) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  Result<BackupReport> BackUpRules() const { return BackUp({.files = {path("rules.toml")}, .output = path("monday")}); }

  TemporaryDirectory dir_;
};

/// In a container, each of them is process 1.
TEST_F(BackupTest, ABackupThatWasKilledLeavesNothingToTheNextOneOfItsProcessId) {
  Write("rules.toml", "# rules\n");
  const std::string left = ".monday.tmp-" + std::to_string(::getpid());
  Write(left + "/files/forgotten.csv", "text\nsecret\n");
  Write(left + "/files/rules.toml", "half");
  ASSERT_TRUE(BackUpRules());
  EXPECT_THAT(Names("monday/files"), ElementsAre("rules.toml"));
  EXPECT_EQ(Read("monday/files/rules.toml"), "# rules\n");
  EXPECT_THAT(Names(), ElementsAre("monday", "rules.toml"));
}

TEST_F(BackupTest, OnlyTheFilesThatABackupListsAreRestored) {
  Write("workspace/data/messages.csv", "text,label\n");
  fs::create_directories(path("workspace/models"));
  ASSERT_TRUE(BackUp({.workspace = path("workspace"), .output = path("monday")}));
  Write("monday/workspace/data/forgotten.csv", "text\nsecret\n");
  ASSERT_TRUE(Restore({.backup = path("monday"), .workspace = path("new")}));
  EXPECT_THAT(Names("new"), ElementsAre("data", "models"));
  EXPECT_THAT(Names("new/data"), ElementsAre("messages.csv"));
}

/// SQLite looks for the log of FILE under the name FILE-wal.
TEST_F(BackupTest, AStoreThatIsReplacedIsKeptWithItsLogs) {
  Write("store.db", "saved");
  ASSERT_TRUE(BackUp({.store = path("store.db").string(), .output = path("monday")}));
  const RestorePlan plan{.backup = path("monday"), .store = path("store.db").string(), .overwrite = true};
  Write("store.db", "newer");
  Write("store.db-wal", "log");
  Write("store.db-shm", "index");
  ASSERT_TRUE(Restore(plan));
  EXPECT_EQ(Read("store.db"), "saved");
  EXPECT_THAT(Names(), ElementsAre("monday", "store.db", "store.db.before-restore", "store.db.before-restore-shm",
                                   "store.db.before-restore-wal"));
  EXPECT_EQ(Read("store.db.before-restore"), "newer");
  EXPECT_EQ(Read("store.db.before-restore-wal"), "log");
  // What is kept next has no log, and must not get that of the store that was kept before.
  ASSERT_TRUE(Restore(plan));
  EXPECT_THAT(Names(), ElementsAre("monday", "store.db", "store.db.before-restore"));
  EXPECT_EQ(Read("store.db.before-restore"), "saved");
}

TEST_F(BackupTest, ARestoreThatWasKilledBetweenAStoreAndItsLogIsCompletedByTheNextOne) {
  Write("store.db", "saved");
  ASSERT_TRUE(BackUp({.store = path("store.db").string(), .output = path("monday")}));
  fs::remove(path("store.db"));
  Write("store.db.before-restore", "newer");
  Write("store.db-wal", "log");
  ASSERT_TRUE(Restore({.backup = path("monday"), .store = path("store.db").string(), .overwrite = true}));
  EXPECT_EQ(Read("store.db"), "saved");
  EXPECT_EQ(Read("store.db.before-restore"), "newer");
  EXPECT_EQ(Read("store.db.before-restore-wal"), "log");
  EXPECT_FALSE(fs::exists(path("store.db-wal")));
}

TEST_F(BackupTest, LogsAloneAreNotReplacedUnasked) {
  Write("store.db", "saved");
  ASSERT_TRUE(BackUp({.store = path("store.db").string(), .output = path("monday")}));
  fs::remove(path("store.db"));
  Write("store.db-wal", "log");
  const auto restored = Restore({.backup = path("monday"), .store = path("store.db").string()});
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::kExists);
  EXPECT_THAT(Names(), ElementsAre("monday", "store.db-wal"));
}

}  // namespace
}  // namespace winnow

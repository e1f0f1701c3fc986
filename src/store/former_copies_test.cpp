#include "store/former_copies.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/schema.h"
#include "store/store.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FormerCopies : public testing::Test {
 protected:
  FormerCopies() : store_(directory_.path() / "store.db"), copy_(directory_.path() / "store.db.schema-7") {}

  std::unique_ptr<SqlConnection> Connect(const fs::path& path) const {
    return OpenSqlConnection(ParseStoreUrl(path.string()).value(), {}).value();
  }
  /// A store of version 7 with one row.
  void MakeFormerStore() const {
    const auto connection = Connect(store_);
    ASSERT_TRUE(MigrateSchema(*connection, 7));
    ASSERT_TRUE(connection->Execute(
        "INSERT INTO spam_feedback (text, is_spam, feedback_type, created_at) VALUES ('before', 1, 'admin', "
        "'2026-01-01T00:00:00.000Z')"));
  }

  const TemporaryDirectory directory_;
  const fs::path store_, copy_;
};

TEST_F(FormerCopies, AMigrationKeepsTheStoreAsItWas) {
  MakeFormerStore();
  ASSERT_TRUE(Store::Open({.url = store_.string()}));
  struct stat status = {};
  ASSERT_EQ(::stat(copy_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto connection = Connect(copy_);
  EXPECT_EQ(SchemaVersionOf(*connection).value(), 7);
  EXPECT_EQ(connection->Run("SELECT text FROM spam_feedback")->rows.at(0).Text(0), "before");
  EXPECT_FALSE(connection->Run("SELECT oldest_reader FROM schema_version"));
}

TEST_F(FormerCopies, NeitherANewStoreNorOneOfThisVersionIsCopied) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Store::Open({.url = store_.string()}));
  EXPECT_FALSE(FindFormerCopy(store_, 99));
}

TEST_F(FormerCopies, ALaterCopyOfTheSameVersionReplacesTheEarlierOneAndWhatAKilledMigrationLeft) {
  MakeFormerStore();
  ASSERT_TRUE(KeepFormerCopy(store_, 7));
  std::ofstream(copy_.string() + ".tmp") << "half";
  ASSERT_TRUE(Connect(store_)->Execute("UPDATE spam_feedback SET text = 'later'"));
  EXPECT_EQ(KeepFormerCopy(store_, 7).value(), copy_);
  EXPECT_EQ(Connect(copy_)->Run("SELECT text FROM spam_feedback")->rows.at(0).Text(0), "later");
  EXPECT_FALSE(fs::exists(copy_.string() + ".tmp"));
}

TEST_F(FormerCopies, TheNewestVersionThatAProgramCanUseIsFound) {
  for (const char* const name : {"store.db.schema-3", "store.db.schema-9", "store.db.schema-11",
                                 "store.db.schema-8.tmp", "store.db.schema-", "other.db.schema-8"})
    std::ofstream(directory_.path() / name) << "x";
  EXPECT_FALSE(FindFormerCopy(store_, 2));
  EXPECT_EQ(FindFormerCopy(store_, 8)->filename(), "store.db.schema-3");
  EXPECT_EQ(FindFormerCopy(store_, 10)->filename(), "store.db.schema-9");
  EXPECT_EQ(FindFormerCopy(store_, 99)->filename(), "store.db.schema-11");
  ASSERT_TRUE(RemoveFormerCopies(store_));
  EXPECT_FALSE(FindFormerCopy(store_, 99));
  EXPECT_TRUE(fs::exists(directory_.path() / "other.db.schema-8"));
}

TEST_F(FormerCopies, ARefusedStoreNamesTheCopy) {
  MakeFormerStore();
  ASSERT_TRUE(Store::Open({.url = store_.string()}));
  ASSERT_TRUE(Connect(store_)->Execute("INSERT INTO schema_version VALUES (99, '2027-01-01T00:00:00Z', 99, '7.8.9')"));
  EXPECT_THAT(ErrorOf(Store::Open({.url = store_.string()})).hint,
              HasSubstr(fmt::format("winnow restore {} --store {} --overwrite", copy_.string(), store_.string())));
}

TEST_F(FormerCopies, WithoutACopyTheTablesStayAsTheyAre) {
  MakeFormerStore();
  fs::create_directory(copy_);  // which no file can replace
  EXPECT_THAT(ErrorOf(Store::Open({.url = store_.string()})).hint, HasSubstr("copied before its tables change"));
  EXPECT_EQ(SchemaVersionOf(*Connect(store_)).value(), 7);
  EXPECT_FALSE(fs::exists(copy_.string() + ".tmp"));
}

TEST_F(FormerCopies, WhatIsForgottenIsNotKeptInCopies) {
  MakeFormerStore();
  const auto store = Store::Open({.url = store_.string()});
  ASSERT_TRUE(store);
  ASSERT_TRUE((*store)->Forget({.texts = {"before"}}));
  ASSERT_TRUE((*store)->Scrub());
  EXPECT_FALSE(fs::exists(copy_));
}

}  // namespace
}  // namespace winnow

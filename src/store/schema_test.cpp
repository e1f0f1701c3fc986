#include "store/schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/random.h"
#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::HasSubstr;

class SchemaOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, SchemaOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

void DropTables(SqlConnection& connection) {
  for (const char* table : {"spam_feedback", "idempotency_keys", "reputation", "preferences", "messages", "audit_log",
                            "verdict_samples", "campaign_uses", "secrets", "forgotten", "models", "aliases",
                            "experiments", "experiment_reports", "experiment_users", "experiment_disagreements",
                            "experiment_counters", "experiment_decisions", "schema_version"})
    ASSERT_TRUE(connection.Execute(fmt::format("DROP TABLE IF EXISTS {}", table)));
}

TEST_P(SchemaOn, MigratesFromEveryOlderVersionAndKeepsTheRows) {
  for (int version = 1; version < kSchemaVersion; ++version) {
    const auto connection = Connect();
    DropTables(*connection);
    ASSERT_TRUE(MigrateSchema(*connection, version));
    EXPECT_EQ(SchemaVersionOf(*connection).value(), version);
    ASSERT_TRUE(connection->Execute(
        "INSERT INTO spam_feedback (text, is_spam, feedback_type, created_at) VALUES ('old', '1', 'admin', "
        "'2026-01-01T00:00:00.000Z')"));
    const auto store = OpenStore();
    const auto stored = store->ListFeedback({}).value();
    ASSERT_EQ(stored.size(), 1u);
    EXPECT_EQ(stored[0].event.text, "old");
    EXPECT_EQ(stored[0].event.source, "user");
    EXPECT_EQ(TimeText(stored[0].event.created_at), "2026-01-01T00:00:00.000Z");
    EXPECT_EQ(SchemaVersionOf(*connection).value(), kSchemaVersion);
    EXPECT_TRUE(store->ListMessages({}).value().empty());
    EXPECT_TRUE(store->ListVerdictSamples({}).value().empty());
    EXPECT_TRUE(store->ListCampaignUses({}).value().empty());
    EXPECT_TRUE(store->ListModelVersions({}).value().empty());
    EXPECT_TRUE(store->ListAliases({}).value().empty());
    EXPECT_TRUE(store->ListExperiments({}).value().empty());
  }
}

TEST_P(SchemaOn, AMigrationMayTakeLongerThanAStatementOfARequest) {
  {
    const auto connection = Connect();
    ASSERT_TRUE(MigrateSchema(*connection, 6));  // the next version has an index of this table
    ASSERT_TRUE(connection->Execute(
        "INSERT INTO reputation (sender, kind, user_id, score, updated_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
        "SELECT i + 1 FROM n WHERE i < 300000) SELECT 'sender' || i, 'score', '', 0, '2026-01-01T00:00:00.000Z' FROM n"));
  }
  SqlLimits limits = kPatientLimits;
  limits.statement = std::chrono::milliseconds(20);
  const auto store = Store::Open({.url = url_, .limits = limits});
  EXPECT_TRUE(store) << store.error().Text();
  EXPECT_EQ(SchemaVersionOf(*Connect()).value(), kSchemaVersion);
}

/// Makes the tables those of a later program, with what its migration has recorded.
void PretendLater(SqlConnection& connection, int version, int oldest_reader) {
  ASSERT_TRUE(connection.Execute("ALTER TABLE spam_feedback ADD COLUMN later TEXT"));
  ASSERT_TRUE(connection.Execute("CREATE TABLE later (id INTEGER PRIMARY KEY)"));
  ASSERT_TRUE(connection.Run(
      "INSERT INTO schema_version (version, applied_at, oldest_reader, written_by) VALUES ($1, $2, $3, '7.8.9')",
      {int64_t{version}, std::string("2027-01-01T00:00:00Z"), int64_t{oldest_reader}}));
}

TEST_P(SchemaOn, RefusesTablesOfANewerProgramThatItCannotUse) {
  ASSERT_TRUE(OpenStore());
  PretendLater(*Connect(), kSchemaVersion + 2, kSchemaVersion + 1);
  const Error error = ErrorOf(Store::Open({.url = url_}));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr(fmt::format("schema version {}, written by Winnow 7.8.9", kSchemaVersion + 2)));
  EXPECT_THAT(error.message, HasSubstr(fmt::format("this program, Winnow {}, can use versions up to {}", WINNOW_VERSION,
                                                   kSchemaVersion)));
  EXPECT_THAT(error.hint, HasSubstr("use Winnow 7.8.9 or a newer version; or restore"));
  EXPECT_THAT(error.hint, HasSubstr(GetParam() == std::string("SQLite") ? "winnow restore" : "pg_restore"));
}

TEST_P(SchemaOn, RefusesANewerVersionAboutWhichNothingIsRecorded) {
  ASSERT_TRUE(OpenStore());
  ASSERT_TRUE(
      Connect()->Execute("INSERT INTO schema_version (version, applied_at) VALUES (99, '2027-01-01T00:00:00Z')"));
  const Error error = ErrorOf(Store::Open({.url = url_}));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.hint, HasSubstr("use the version of Winnow that wrote the store"));
}

TEST_P(SchemaOn, RefusesAVersionThatIsNone) {
  ASSERT_TRUE(OpenStore());
  ASSERT_TRUE(Connect()->Execute("UPDATE schema_version SET version = -version"));
  const Error error = ErrorOf(Store::Open({.url = url_}));
  EXPECT_EQ(error.code, ErrorCode::kInvalidData);
  EXPECT_THAT(error.message, HasSubstr("no valid schema version, but -"));
}

TEST_P(SchemaOn, UsesTablesOfANewerProgramThatOnlyAdds) {
  ASSERT_TRUE(
      OpenStore()->AddFeedback({.idempotency_key = "1", .text = "before", .is_spam = true, .feedback_type = "admin"}));
  PretendLater(*Connect(), kSchemaVersion + 2, kSchemaVersion);
  const auto store = OpenStore();
  ASSERT_TRUE(store->AddFeedback({.idempotency_key = "2", .text = "after", .is_spam = true, .feedback_type = "admin"}));
  ASSERT_TRUE(store->SetPreferences("ada", {.mode = "strict", .threshold = {}}));
  const auto stored = store->ListFeedback({}).value();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].event.text, "before");
  EXPECT_EQ(stored[1].event.text, "after");
  EXPECT_EQ(SchemaVersionOf(*Connect()).value(), kSchemaVersion + 2) << "the version is left as it is";
}

TEST_P(SchemaOn, RecordsWhoCanUseTheTables) {
  ASSERT_TRUE(OpenStore());
  EXPECT_EQ(Number(fmt::format("SELECT oldest_reader FROM schema_version WHERE version = {}", kSchemaVersion)),
            kSchemaVersion);
  EXPECT_EQ(Number(fmt::format("SELECT COUNT(*) FROM schema_version WHERE written_by = '{}'", WINNOW_VERSION)), 1);
}

TEST_P(SchemaOn, LeavesTheTablesOfAnotherProgramAlone) {
  ASSERT_TRUE(Connect()->Execute("CREATE TABLE preferences (anything TEXT)"));
  const Error error = ErrorOf(Store::Open({.url = url_}));
  EXPECT_THAT(error.message, HasSubstr("already exists"));
  EXPECT_THAT(error.hint, HasSubstr("tables of another program"));
  EXPECT_FALSE(Connect()->Run("SELECT * FROM spam_feedback")) << "the migration is undone as a whole";
  EXPECT_TRUE(Connect()->Run("SELECT anything FROM preferences"));
}

TEST_P(SchemaOn, ProcessesThreadThatStartTogetherMigrateOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto store = Store::Open({.url = url_, .limits = kPatientLimits});
      EXPECT_TRUE(store) << store.error().Text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM schema_version"), kSchemaVersion);
}

TEST(Schema, RefusesAPostgresDatabaseThatCannotStoreAllTexts) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  const auto server = OpenSqlConnection(ParseStoreUrl(SharedPostgres().url()).value(), kPatientLimits).value();
  ASSERT_TRUE(server->Execute("DROP DATABASE IF EXISTS latin"));  // of the test's last repetition
  ASSERT_TRUE(server->Execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"));
  const Error error = ErrorOf(Store::Open({.url = SharedPostgres().url("latin")}));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("encoding LATIN1"));
}

TEST(Schema, AMigrationThatIsKilledIsRepeatedAsAWhole) {
  const TemporaryDirectory directory;
  Random random(1, "kill");
  for (int round = 0; round < 30; ++round) {
    const std::string url = (directory.path() / (std::to_string(round) + ".db")).string();
    const StoreAddress address = ParseStoreUrl(url).value();
    ASSERT_TRUE(MigrateSchema(*OpenSqlConnection(address, {}).value(), round % 2));
    const pid_t child = ::fork();
    if (child == 0) ::_exit(MigrateSchema(*OpenSqlConnection(address, {}).value()) ? 0 : 1);
    ::usleep(random.Below(20000));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const auto store = Store::Open({.url = url});
    ASSERT_TRUE(store) << store.error().Text();
    EXPECT_TRUE((*store)->ListMessages({})->empty());
  }
}

}  // namespace
}  // namespace winnow

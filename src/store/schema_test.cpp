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

TEST_P(SchemaOn, RefusesTablesOfANewerProgram) {
  ASSERT_TRUE(OpenStore());
  ASSERT_TRUE(
      Connect()->Execute("INSERT INTO schema_version (version, applied_at) VALUES (99, '2027-01-01T00:00:00Z')"));
  const Error error = ErrorOf(Store::Open({.url = url_}));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("schema version 99, and this program knows versions up to 7"));
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
      const auto store = Store::Open({.url = url_});
      EXPECT_TRUE(store) << store.error().Text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM schema_version"), kSchemaVersion);
}

TEST(Schema, RefusesAPostgresDatabaseThatCannotStoreAllTexts) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  const auto server = OpenSqlConnection(ParseStoreUrl(SharedPostgres().url()).value(), {}).value();
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

#include "store/query_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::HasSubstr;

Result<void> GoOn() { return {}; }

struct QueryTable {
  std::vector<SqlColumn> columns;
  std::vector<SqlRow> rows;
};

/// The whole result of a query. `check` is called for each row.
Result<QueryTable> TableOf(const std::string& url, const std::string& query,
                           const std::function<Result<void>()>& check) {
  QueryTable table;
  TRY(ReadQueryTable(
      url, query,
      [&](const std::vector<SqlColumn>& columns) -> Result<void> {
        table.columns = columns;
        return {};
      },
      [&](const SqlRow& row) -> Result<void> {
        TRY(check());
        table.rows.push_back(row);
        return {};
      }));
  return table;
}

class QueryTableOn : public OnEveryDatabase {
 protected:
  void SetUp() override {
    OnEveryDatabase::SetUp();
    if (IsSkipped()) return;
    const auto connection = Connect();
    ASSERT_TRUE(connection->Execute("CREATE TABLE \"spamFeedback\" (id INTEGER, text TEXT, is_spam BOOLEAN)"));
    ASSERT_TRUE(connection->Execute(
        "INSERT INTO \"spamFeedback\" VALUES (1, 'win; DROP', '1'), (2, 'Shall we meet?', '0'), (3, NULL, NULL)"));
  }
};
INSTANTIATE_TEST_SUITE_P(Databases, QueryTableOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

TEST_P(QueryTableOn, ReadsTheRowsOfAQuery) {
  const QueryTable table =
      TableOf(url_, "SELECT text, is_spam, id FROM \"spamFeedback\" ORDER BY id; -- all\n;", GoOn).value();
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].name, "text");
  EXPECT_FALSE(table.columns[0].boolean);
  EXPECT_TRUE(table.columns[1].boolean);
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].Text(0), "win; DROP");
  EXPECT_TRUE(table.rows[0].Boolean(1));
  EXPECT_FALSE(table.rows[1].Boolean(1));
  EXPECT_EQ(table.rows[1].Text(2), "2");
  EXPECT_TRUE(table.rows[2].IsNull(0));
  EXPECT_TRUE(TableOf(url_, "SELECT text FROM \"spamFeedback\" WHERE id > 9", GoOn)->rows.empty());
}

TEST_P(QueryTableOn, ReadsNumbersAndBytes) {
  const bool sqlite = GetParam() == "SQLite";
  const QueryTable table = TableOf(url_,
                                   sqlite ? "SELECT -7, 0.5, x'c3a9', 9007199254740993"
                                          : "SELECT -7, 0.5, '\\xc3a9'::bytea, 9007199254740993",
                                   GoOn)
                               .value();
  EXPECT_EQ(table.rows.at(0).Text(0), "-7");
  EXPECT_EQ(table.rows.at(0).Text(1), "0.5");
  EXPECT_EQ(table.rows.at(0).Text(2), "\u00e9");
  EXPECT_EQ(table.rows.at(0).Text(3), "9007199254740993");
}

TEST_P(QueryTableOn, CanOnlyRead) {
  for (const char* query : {"DELETE FROM \"spamFeedback\"", "DROP TABLE \"spamFeedback\"",
                            "SELECT 1; DELETE FROM \"spamFeedback\"", "SELECT 1; COMMIT; DELETE FROM \"spamFeedback\"",
                            "INSERT INTO \"spamFeedback\" VALUES (4, 'x', '1') RETURNING id",
                            "UPDATE \"spamFeedback\" SET text = 'x'", "CREATE TABLE other (x TEXT)", "COMMIT", "",
                            "WITH gone AS (DELETE FROM \"spamFeedback\" RETURNING id) SELECT * FROM gone"}) {
    EXPECT_EQ(ErrorOf(TableOf(url_, query, GoOn)).code, ErrorCode::kInvalidArgument) << query;
  }
  EXPECT_EQ(Number("SELECT COUNT(*) FROM \"spamFeedback\" WHERE text LIKE 'win%'"), 1);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM \"spamFeedback\""), 3);
}

TEST_P(QueryTableOn, TellsTheMessageOfTheDatabase) {
  EXPECT_THAT(ErrorOf(TableOf(url_, "SELECT nothing FROM \"spamFeedback\"", GoOn)).message, HasSubstr("nothing"));
  const Error missing = ErrorOf(TableOf(url_, "SELECT text FROM spamFeedbacks", GoOn));
  EXPECT_THAT(missing.Text(), testing::ContainsRegex("spam[Ff]eedbacks"));
  EXPECT_THAT(missing.hint, HasSubstr("double quotes"));
}

TEST_P(QueryTableOn, StopsAtAnErrorOfTheCaller) {
  const auto stop = []() -> Result<void> { return Fail(ErrorCode::kCancelled, "stopped"); };
  EXPECT_EQ(ErrorOf(TableOf(url_, "SELECT 1", stop)).code, ErrorCode::kCancelled);
}

TEST(QueryTable, SqliteQueriesOpenNoOtherFiles) {
  const TemporaryDirectory directory;
  const std::string url = (directory.path() / "a.db").string();
  ASSERT_TRUE(OpenSqlConnection(ParseStoreUrl(url).value(), {}).value()->Execute("CREATE TABLE t (x)"));
  for (const char* query : {"ATTACH 'other.db' AS other", "PRAGMA journal_mode=DELETE", "SELECT load_extension('x')",
                            "VACUUM INTO 'copy.db'"})
    EXPECT_EQ(ErrorOf(TableOf(url, query, GoOn)).code, ErrorCode::kInvalidArgument) << query;
}

TEST(QueryTable, AMissingFileIsNotCreated) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "none.db";
  EXPECT_EQ(ErrorOf(TableOf(file.string(), "SELECT 1", GoOn)).code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace winnow

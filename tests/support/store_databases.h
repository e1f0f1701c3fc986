/// The databases that tests of the store run on: a new SQLite file, or a new database of a PostgreSQL server that all
/// tests of the program share.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "store/sql_connection.h"
#include "store/store.h"
#include "support/postgres_server.h"
#include "support/temporary_directory.h"

namespace winnow {

/// Longer than what is not to be ended takes on a slow machine. A server whose test was killed ends its statements by
/// them.
inline constexpr SqlLimits kPatientLimits = {
    .statement = std::chrono::minutes(10), .lock = std::chrono::minutes(10), .connect = std::chrono::minutes(10)};

/// The server of this test program, started when it is first used.
inline PostgresServer& SharedPostgres() {
  static PostgresServer server;
  return server;
}

/// A test that runs on every kind of database; skipped for PostgreSQL where it is not installed.
class OnEveryDatabase : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "SQLite") {
      url_ = "sqlite://" + (directory_.path() / "store.db").string();
      return;
    }
    if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    static int count = 0;
    const std::string database = "test" + std::to_string(++count);
    const StoreAddress server = ParseStoreUrl(SharedPostgres().url()).value();
    ASSERT_TRUE(OpenSqlConnection(server, kPatientLimits).value()->Execute("CREATE DATABASE " + database));
    url_ = SharedPostgres().url(database);
  }

  std::unique_ptr<SqlConnection> Connect() const {
    return OpenSqlConnection(ParseStoreUrl(url_).value(), kPatientLimits).value();
  }
  std::unique_ptr<Store> OpenStore() const {
    auto store = Store::Open({.url = url_, .limits = kPatientLimits});
    EXPECT_TRUE(store) << store.error().Text();
    return store ? *std::move(store) : nullptr;
  }
  /// The number that a query gives.
  int64_t Number(std::string_view sql) const { return Connect()->Run(sql).value().rows.at(0).Integer(0); }

  const TemporaryDirectory directory_;
  std::string url_;
};

inline std::string DatabaseName(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace winnow

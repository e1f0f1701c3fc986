#include "store/sql_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "store/store_deadline.h"
#include "support/held_port.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::HasSubstr;

class SqlPoolOn : public OnEveryDatabase {
 protected:
  StoreAddress address() const { return ParseStoreUrl(url_).value(); }
};
INSTANTIATE_TEST_SUITE_P(Databases, SqlPoolOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

SqlResult<void> FailsWith(SqlError::Kind kind) {
  return std::unexpected(SqlError{kind, {ErrorCode::kIo, "failed", {}}});
}

/// A statement that ends only if it is ended.
SqlResult<void> Endless(SqlConnection& connection) {
  TRY(connection.Run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > 0) SELECT MAX(i) FROM n"));
  return {};
}

TEST_P(SqlPoolOn, RepeatsOnlyWhatMaySucceedLater) {
  SqlPool pool(address(), kPatientLimits, 2);
  for (const auto& [kind, expected] :
       {std::pair(SqlError::kLost, 6), std::pair(SqlError::kOther, 1), std::pair(SqlError::kFull, 1),
        std::pair(SqlError::kInvalid, 1), std::pair(SqlError::kTimeout, 1)}) {
    int attempts = 0;
    const SqlResult<void> done = pool.Transact([&](SqlConnection&) {
      ++attempts;
      return FailsWith(kind);
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, kind);
    EXPECT_EQ(attempts, expected) << kind;
  }
}

TEST_P(SqlPoolOn, RepeatsATransactionThatOthersWereInTheWayOfWhileThereIsTime) {
  int attempts = 0;
  const auto busy_until = [&](int last) {
    attempts = 0;
    return [&attempts, last](SqlConnection&) {
      return ++attempts < last ? FailsWith(SqlError::kBusy) : SqlResult<void>();
    };
  };
  SqlPool patient(address(), kPatientLimits, 2);
  EXPECT_TRUE(patient.Transact(busy_until(9)));
  EXPECT_EQ(attempts, 9);
  SqlLimits none = kPatientLimits;
  none.statement = std::chrono::milliseconds(0);  // which no single statement is ended by
  SqlPool hasty(address(), none, 2);
  const SqlResult<void> done = hasty.Transact(busy_until(9));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, SqlError::kBusy);
  EXPECT_EQ(attempts, 6);
}

TEST_P(SqlPoolOn, UndoesATransactionThatFailed) {
  SqlPool pool(address(), kPatientLimits, 2);
  ASSERT_TRUE(pool.Read([](SqlConnection& connection) { return connection.Execute("CREATE TABLE t (x INTEGER)"); }));
  int attempts = 0;
  ASSERT_TRUE(pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    TRY(connection.Run("INSERT INTO t VALUES ($1)", {int64_t{++attempts}}));
    return attempts < 3 ? FailsWith(SqlError::kBusy) : SqlResult<void>();
  }));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM t"), 1);
  EXPECT_EQ(Number("SELECT MAX(x) FROM t"), 3);
}

TEST_P(SqlPoolOn, EndsAStatementThatTakesTooLong) {
  SqlLimits limits = kPatientLimits;
  limits.statement = std::chrono::milliseconds(100);
  SqlPool pool(address(), limits, 2);
  const SqlResult<void> done = pool.Read(Endless);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, SqlError::kTimeout);
  EXPECT_THAT(done.error().error.message, HasSubstr("took longer than 100 ms"));
  SqlResult<void> next;
  do {
    next = pool.Read([](SqlConnection& connection) { return connection.Execute("SELECT 1"); });
  } while (!next && next.error().kind == SqlError::kTimeout);  // on a machine that is very busy
  EXPECT_TRUE(next) << next.error().error.Text();
}

TEST_P(SqlPoolOn, UsesNoMoreConnectionsThreadThanItMay) {
  SqlPool pool(address(), kPatientLimits, 2);
  std::atomic<int> running = 0, most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(pool.Read([&](SqlConnection& connection) {
        int seen = most;
        const int now = ++running;
        while (now > seen && !most.compare_exchange_weak(seen, now)) continue;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        --running;
        return connection.Execute("SELECT 1");
      }));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
}

TEST_P(SqlPoolOn, FailsAtOnceWhenItIsShut) {
  SqlPool pool(address(), kPatientLimits, 2);
  ASSERT_TRUE(pool.Read([](SqlConnection& connection) { return connection.Execute("SELECT 1"); }));
  pool.Shut();
  const SqlResult<void> done = pool.Read([](SqlConnection& connection) { return connection.Execute("SELECT 1"); });
  EXPECT_THAT(done.error().error.message, HasSubstr("the store is closed"));
}

TEST_P(SqlPoolOn, UsesNoConnectionThatWasBeingOpenedWhenItWasShut) {
  SqlPool* opening = nullptr;
  SqlPool pool(address(), kPatientLimits, 2, [&](const StoreAddress& to, const SqlLimits& limits) {
    auto connection = OpenSqlConnection(to, limits);
    opening->Shut();
    return connection;
  });
  opening = &pool;
  int runs = 0;
  const SqlResult<void> done = pool.Read([&](SqlConnection&) {
    ++runs;
    return SqlResult<void>();
  });
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().error.message, HasSubstr("the store is closed"));
  EXPECT_EQ(runs, 0);
}

TEST_P(SqlPoolOn, EndsAtTheDeadlineOfTheThread) {
  SqlPool pool(address(), kPatientLimits, 1);
  {
    const StoreDeadline deadline(StoreDeadline::Clock::now() + std::chrono::milliseconds(50));
    const SqlResult<void> done = pool.Read(Endless);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().error.code, ErrorCode::kNetwork);
    EXPECT_THAT(done.error().error.message, HasSubstr("no answer within the time of the request"));
    int runs = 0;
    const SqlResult<void> late = pool.Transact([&](SqlConnection&) {
      ++runs;
      return SqlResult<void>();
    });
    EXPECT_FALSE(late);
    EXPECT_EQ(runs, 0) << "it began too late";
  }
  EXPECT_TRUE(pool.Read([](SqlConnection& connection) { return connection.Execute("SELECT 1"); })) << "without one";
}

TEST_P(SqlPoolOn, WaitsForAConnectionUntilTheDeadline) {
  SqlPool pool(address(), kPatientLimits, 1);
  EXPECT_TRUE(pool.Read([&](SqlConnection&) -> SqlResult<void> {
    const StoreDeadline deadline(StoreDeadline::Clock::now() + std::chrono::milliseconds(50));
    const SqlResult<void> inner = pool.Read([](SqlConnection& other) { return other.Execute("SELECT 1"); });
    EXPECT_FALSE(inner) << "the only connection is in use";
    return {};
  }));
}

TEST(StoreDeadline, OfSeveralTheEarliestHolds) {
  using Clock = StoreDeadline::Clock;
  const Clock::time_point now = Clock::now(), later = now + std::chrono::hours(1);
  EXPECT_EQ(StoreDeadline::OfThisThread(), Clock::time_point::max());
  {
    const StoreDeadline outer(now);
    const StoreDeadline inner(later);
    EXPECT_EQ(StoreDeadline::OfThisThread(), now);
    std::thread([] { EXPECT_EQ(StoreDeadline::OfThisThread(), Clock::time_point::max()); }).join();
  }
  EXPECT_EQ(StoreDeadline::OfThisThread(), Clock::time_point::max());
}

TEST(SqlPool, ConnectsAgainWhenPostgresEndsTheConnection) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  SqlPool pool(ParseStoreUrl(SharedPostgres().url()).value(), kPatientLimits, 2);
  int attempts = 0;
  const SqlResult<void> done = pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    if (++attempts == 1) TRY(connection.Run("SELECT pg_terminate_backend(pg_backend_pid())"));
    TRY(connection.Run("SELECT 1"));
    return {};
  });
  EXPECT_TRUE(done) << done.error().error.Text();
  EXPECT_EQ(attempts, 2);
}

TEST(SqlPool, GivesUpConnectionsToAHotStandbyWhenItMustWrite) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  PostgresServer server;
  server.Stop(SIGINT);
  server.StartAsStandby();
  SqlPool pool(ParseStoreUrl(server.url()).value(), kPatientLimits, 2);
  EXPECT_TRUE(pool.Read([](SqlConnection& connection) { return connection.Execute("SELECT 1"); }));
  const SqlResult<void> done = pool.Transact([](SqlConnection& connection) { return connection.Execute("SELECT 1"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, SqlError::kLost) << done.error().error.Text();
  EXPECT_EQ(done.error().error.code, ErrorCode::kNetwork);
  EXPECT_THAT(done.error().error.message, HasSubstr("hot standby"));
}

/// A port that takes connections and never answers, as a server does whose machine hangs.
class SilentPort {
 public:
  SilentPort() { EXPECT_EQ(::listen(port_.socket(), 16), 0); }
  std::string url() const {
    return "postgres://winnow@127.0.0.1:" + std::to_string(port_.number()) + "/none?sslmode=disable&gssencmode=disable";
  }
  /// Waits for a client, and returns its connection.
  int Accept() const { return ::accept(port_.socket(), nullptr, nullptr); }
  /// Returns how many clients wait, or have given up.
  int Clients() const {
    int clients = 0;
    for (pollfd waiting{port_.socket(), POLLIN, 0}; ::poll(&waiting, 1, 0) == 1; ++clients) ::close(Accept());
    return clients;
  }

 private:
  HeldPort port_;
};

TEST(SqlPool, IsNotPatientAgainAndAgainWithAServerThatHangs) {
  const SilentPort port;
  const SqlLimits limits{.statement = std::chrono::milliseconds(500), .connect = std::chrono::seconds(1)};
  SqlPool pool(ParseStoreUrl(port.url()).value(), limits, 2);
  const SqlResult<void> done = pool.Read([](SqlConnection& connection) { return connection.Execute("SELECT 1"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, SqlError::kLost);
  EXPECT_EQ(port.Clients(), 1);  // libpq has waited for two seconds at least
}

/// Answers what a client of PostgreSQL begins with (https://www.postgresql.org/docs/15/protocol-flow.html), as a pooler
/// does, whether or not its server answers.
void LogIn(int connection) {
  char startup[1024];
  EXPECT_GT(::read(connection, startup, sizeof startup), 0);
  constexpr char kAnswer[] =
      "R\0\0\0\x08\0\0\0\0"  // AuthenticationOk
      "S\0\0\0\x18server_version\0"
      "15.0\0"
      "Z\0\0\0\x05I";  // ReadyForQuery
  EXPECT_EQ(::write(connection, kAnswer, sizeof kAnswer - 1), static_cast<ssize_t>(sizeof kAnswer - 1));
}

TEST(SqlPool, ShutEndsTheFirstStatementThreadOfAPoolerWhoseServerHangs) {
  const SilentPort port;
  SqlPool pool(ParseStoreUrl(port.url()).value(), kPatientLimits, 2);
  std::thread thread([&] {
    const SqlResult<void> done = pool.Read([](SqlConnection& other) { return other.Execute("SELECT 1"); });
    EXPECT_FALSE(done);
  });
  const int connection = port.Accept();
  LogIn(connection);
  char statement = 0;
  EXPECT_EQ(::read(connection, &statement, 1), 1);
  pool.Shut();
  thread.join();
  ::close(connection);
}

TEST(SqlPool, ShutEndsAStatementThreadOfAPostgresThatHangs) {
  if (PostgresServer::Programs().empty()) GTEST_SKIP() << "PostgreSQL is not installed";
  SqlPool pool(ParseStoreUrl(SharedPostgres().url()).value(), kPatientLimits, 2);
  std::atomic<bool> started = false;
  std::thread thread([&] {
    const SqlResult<void> done = pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
      started = true;
      TRY(connection.Run("SELECT pg_sleep(3600)"));
      return {};
    });
    EXPECT_FALSE(done);
  });
  while (!started) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // most often it is in the statement then
  pool.Shut();
  thread.join();
}

}  // namespace
}  // namespace winnow

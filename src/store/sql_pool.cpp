#include "store/sql_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "store/store_deadline.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRepetitions = 5;
constexpr std::chrono::milliseconds kFirstPause(5);

std::unexpected<SqlError> NoConnection(const StoreAddress& address, std::string_view why) {
  return std::unexpected(
      SqlError{SqlError::kLost, {ErrorCode::kNetwork, fmt::format("{}: {}", address.name, why), {}}});
}

/// Returns the limits of a connection that is opened before the deadline.
SqlLimits LimitsUntil(Clock::time_point deadline, SqlLimits limits) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(deadline - Clock::now());
  limits.connect = std::clamp(left, std::chrono::seconds(1), std::max(limits.connect, std::chrono::seconds(1)));
  return limits;
}

/// Pauses double, and differ between the processes that were in each other's way.
std::chrono::milliseconds PauseBefore(int repetition) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto longest = kFirstPause.count() << repetition;
  return std::chrono::milliseconds(std::uniform_int_distribution<int64_t>(longest / 2, longest)(random));
}

}  // namespace

SqlPool::SqlPool(StoreAddress address, const SqlLimits& limits, size_t max_connections)
    : address_(std::move(address)),
      limits_(limits),
      max_connections_(max_connections),
      watchdog_([this] { Watch(); }) {}

SqlPool::~SqlPool() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
  }
  watchdog_.join();
}

SqlResult<void> SqlPool::Transact(const Work& work) {
  return Repeat(4 * OneStatement(), [&](SqlConnection& connection, bool& usable) -> SqlResult<void> {
    TRY(connection.Begin());
    SqlResult<void> done = work(connection);
    if (done) done = connection.Commit();
    // SQLite ends some failed transactions by itself, and then has none to undo.
    if (!done) usable = connection.Rollback().has_value();
    return done;
  });
}

SqlResult<void> SqlPool::Read(const Work& work) {
  return Repeat(OneStatement(), [&](SqlConnection& connection, bool&) { return work(connection); });
}

SqlResult<void> SqlPool::ReadSeveral(const Work& work) {
  return Repeat(4 * OneStatement(), [&](SqlConnection& connection, bool&) { return work(connection); });
}

SqlResult<void> SqlPool::Repeat(std::chrono::milliseconds longest,
                                const std::function<SqlResult<void>(SqlConnection&, bool& usable)>& attempt) {
  const Clock::time_point begin = Clock::now(), deadline = StoreDeadline::OfThisThread();
  for (int repetition = 0;; ++repetition) {
    SqlResult<void> done;
    if (const auto lease = Take(longest)) {
      bool usable = true;
      done = attempt(*(*lease)->connection, usable);
      const bool lost = !done && done.error().kind == SqlError::kLost;
      GiveBack(*lease, lost ? After::kLost : usable ? After::kKeep : After::kClose);
    } else {
      done = std::unexpected(lease.error());
    }
    if (done) return done;
    const SqlError::Kind kind = done.error().kind;
    const bool may_pass = kind == SqlError::kBusy || kind == SqlError::kLost || kind == SqlError::kTimeout;
    if (may_pass && Clock::now() >= deadline) return NoConnection(address_, "no answer within the time of the request");
    if (repetition == kRepetitions || (kind != SqlError::kBusy && kind != SqlError::kLost)) return done;
    if (kind == SqlError::kLost && Clock::now() - begin >= limits_.statement) return done;
    const MutexLock lock(mutex_);
    const Clock::time_point until = std::min(Clock::now() + PauseBefore(repetition), deadline);
    while (!shut_ && Clock::now() < until) changed_.WaitUntil(mutex_, until);
    if (shut_) return done;
  }
}

SqlResult<std::list<SqlPool::Lease>::iterator> SqlPool::Take(std::chrono::milliseconds longest) {
  const Clock::time_point deadline = StoreDeadline::OfThisThread();
  const Clock::time_point until = std::min(Clock::now() + limits_.statement, deadline);
  std::list<Lease>::iterator lease;
  {
    const MutexLock lock(mutex_);
    while (!shut_ && leases_.size() >= max_connections_) {
      if (!changed_.WaitUntil(mutex_, until))
        return NoConnection(address_, fmt::format("all {} connections were in use for too long", max_connections_));
    }
    if (shut_) return NoConnection(address_, "the store is closed");
    if (Clock::now() >= deadline) return NoConnection(address_, "the time of the request has passed");
    lease = leases_.insert(leases_.end(), Lease{nullptr, std::min(Clock::now() + longest, deadline)});
    if (!idle_.empty()) {
      lease->connection = std::move(idle_.back());
      idle_.pop_back();
      return lease;
    }
  }
  SqlResult<std::unique_ptr<SqlConnection>> opened = OpenSqlConnection(address_, LimitsUntil(deadline, limits_));
  const MutexLock lock(mutex_);
  if (opened && !shut_) {
    lease->connection = *std::move(opened);
    return lease;
  }
  leases_.erase(lease);
  changed_.NotifyAll();
  if (opened) return NoConnection(address_, "the store is closed");  // Shut could not interrupt it
  return std::unexpected(opened.error());
}

void SqlPool::GiveBack(std::list<Lease>::iterator lease, After after) {
  std::vector<std::unique_ptr<SqlConnection>> closed;  // outside the lock, since closing may wait
  const MutexLock lock(mutex_);
  if (after == After::kLost) closed.swap(idle_);  // to a server that has ended, all are lost
  if (after == After::kKeep && !lease->interrupted && !shut_) {
    idle_.push_back(std::move(lease->connection));
  } else {
    closed.push_back(std::move(lease->connection));
  }
  leases_.erase(lease);
  changed_.NotifyAll();
}

void SqlPool::Shut() {
  const MutexLock lock(mutex_);
  shut_ = true;
  for (Lease& lease : leases_) {
    if (lease.connection != nullptr) lease.connection->Interrupt();
  }
  changed_.NotifyAll();
}

/// The time limits of the database's own do not act if the server itself hangs, and know nothing of deadlines.
void SqlPool::Watch() {
  const MutexLock lock(mutex_);
  while (!ending_) {
    changed_.WaitUntil(mutex_, Clock::now() + std::chrono::seconds(1));
    for (Lease& lease : leases_) {
      if (lease.connection == nullptr || lease.interrupted || Clock::now() < lease.until) continue;
      lease.interrupted = true;
      lease.connection->Interrupt();
    }
  }
}

}  // namespace winnow

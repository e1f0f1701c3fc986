/// A pool of connections to one database, and transactions that are repeated when they may succeed the next time.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "store/sql_connection.h"

namespace winnow {

/// Thread-safe. Connections are opened when they are needed and kept. All functions end at the deadline of their thread
/// (store/store_deadline.h), with kNetwork.
class SqlPool {
 public:
  using Work = std::function<SqlResult<void>(SqlConnection&)>;
  using Open = std::function<SqlResult<std::unique_ptr<SqlConnection>>(const StoreAddress&, const SqlLimits&)>;

  /// Creates the pool. `open` opens its connections; tests have their own.
  SqlPool(StoreAddress address, const SqlLimits& limits, size_t max_connections, Open open = OpenToWrite);
  SqlPool(const SqlPool&) = delete;
  SqlPool& operator=(const SqlPool&) = delete;
  ~SqlPool();

  /// Runs `work` in a serializable transaction and commits. After a serialization failure, a deadlock, a lock that was
  /// held too long or a lost connection the transaction is repeated five times, with growing pauses. If others were in
  /// the way, it is repeated until the time limit of a statement has passed, since on a busy machine some of them go
  /// first each time; after a lost connection not once that time has passed, since a server that hangs would take it
  /// again. A connection that is lost during COMMIT leaves open whether the transaction took effect: `work` must do the
  /// same when it runs again. Errors: kNetwork, kIo and others, as the database reports them.
  SqlResult<void> Transact(const Work& work);

  /// Runs `work` without a transaction, for a single statement that reads; repeats it as Transact does. If it takes
  /// longer than the limits of a statement and a lock together, the server hangs, and the connection is ended.
  SqlResult<void> Read(const Work& work);
  /// As Read, for several statements, which together take four times as long at most.
  SqlResult<void> ReadSeveral(const Work& work);

  /// Makes the statements that are running fail, and all later ones; for the end of a process whose server hangs.
  void Shut();

  const StoreAddress& address() const { return address_; }

 private:
  struct Lease {
    std::unique_ptr<SqlConnection> connection;
    std::chrono::steady_clock::time_point until;
    bool interrupted = false;
  };

  /// What becomes of a connection that was used.
  enum class After { kKeep, kClose, kLost };

  static SqlResult<std::unique_ptr<SqlConnection>> OpenToWrite(const StoreAddress& address, const SqlLimits& limits);
  std::chrono::milliseconds OneStatement() const { return limits_.statement + limits_.lock; }
  SqlResult<void> Repeat(std::chrono::milliseconds longest,
                         const std::function<SqlResult<void>(SqlConnection&, bool& usable)>& attempt);
  SqlResult<std::list<Lease>::iterator> Take(std::chrono::milliseconds longest);
  void GiveBack(std::list<Lease>::iterator lease, After after);
  void Watch();

  const StoreAddress address_;
  const SqlLimits limits_;
  const size_t max_connections_;
  const Open open_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::vector<std::unique_ptr<SqlConnection>> idle_ GUARDED_BY(mutex_);
  std::list<Lease> leases_ GUARDED_BY(mutex_);
  bool shut_ GUARDED_BY(mutex_) = false;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread watchdog_;
};

}  // namespace winnow

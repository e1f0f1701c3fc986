/// One connection to a database that speaks SQL, as the store uses it: statements with bound values, transactions. The
/// two kinds of database, SQLite and PostgreSQL, differ behind this interface alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/variant.h"
#include "store/store_url.h"

namespace winnow {

/// A value of a database: null, an integer, a floating-point number or a text.
using SqlValue = Variant<std::monostate, int64_t, double, std::string>;

/// An error of a database, with what the caller can do about it.
struct SqlError {
  enum Kind {
    kBusy,     ///< another transaction was in the way (locks, serialization, deadlock): repeat the transaction
    kLost,     ///< the connection failed or the server does not accept connections: connect again, repeat
    kTimeout,  ///< the statement exceeded the time limit
    kFull,     ///< the disk is full
    kInvalid,  ///< a value is not acceptable to the database: too large, or against a constraint
    kOther,    ///< the statement is wrong, the database is damaged, or permission is missing
  };
  Kind kind = kOther;
  Error error;

  operator Error() const& { return error; }
  operator Error() && { return std::move(error); }
};

template <typename T>
using SqlResult = std::expected<T, SqlError>;

/// One row of a result. Numbers and booleans of PostgreSQL arrive as text; the functions convert.
class SqlRow {
 public:
  explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}

  size_t size() const { return values_.size(); }
  const SqlValue& operator[](size_t column) const { return values_[column]; }
  bool IsNull(size_t column) const { return std::holds_alternative<std::monostate>(values_[column]); }
  /// Return the value of a column; null gives 0, false or an empty text.
  int64_t Integer(size_t column) const;
  double Real(size_t column) const;
  bool Boolean(size_t column) const;
  std::string Text(size_t column) const;

 private:
  std::vector<SqlValue> values_;
};

struct SqlRows {
  std::vector<SqlRow> rows;
  int64_t affected = 0;  ///< number of rows that an INSERT, UPDATE or DELETE changed
};

/// Description of a result's columns, for queries that a user writes.
struct SqlColumn {
  std::string name;
  bool boolean = false;  ///< true if the database declares the column boolean
};

/// Limits of a connection.
struct SqlLimits {
  std::chrono::milliseconds statement = std::chrono::seconds(10);  ///< longest duration of one statement
  std::chrono::milliseconds lock = std::chrono::seconds(5);        ///< longest wait for another writer (SQLite)
  std::chrono::seconds connect = std::chrono::seconds(5);          ///< longest duration of connecting
};

/// A connection. Not thread-safe, apart from Interrupt.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  /// Runs one statement; $1, $2 ... in `sql` stand for `values`. The statement is prepared once per connection, so
  /// `sql` must come from a bounded set of texts. Values never become part of the statement's text.
  virtual SqlResult<SqlRows> Run(std::string_view sql, std::span<const SqlValue> values) = 0;
  SqlResult<SqlRows> Run(std::string_view sql, std::initializer_list<SqlValue> values = {}) {
    return Run(sql, std::span<const SqlValue>(values.begin(), values.size()));
  }
  /// Runs one statement without values that is not worth preparing, such as CREATE TABLE.
  virtual SqlResult<void> Execute(std::string_view sql) = 0;

  /// Begins a transaction that is serializable and may write.
  virtual SqlResult<void> Begin() = 0;
  /// Begins a transaction that excludes all others that are begun in this way, until it ends.
  virtual SqlResult<void> BeginMigration() = 0;
  SqlResult<void> Commit() { return Execute("COMMIT"); }
  /// Undoes the transaction. An error leaves the connection unusable.
  SqlResult<void> Rollback() { return Execute("ROLLBACK"); }

  /// Passes the rows of a query that a user wrote to `take`, in a transaction that cannot write. `columns` is passed
  /// to `begin` first. Only one statement is accepted. An error of `begin` or `take` ends the reading.
  virtual Result<void> ReadQuery(const std::string& query,
                                 const std::function<Result<void>(const std::vector<SqlColumn>&)>& begin,
                                 const std::function<Result<void>(const SqlRow&)>& take) = 0;

  /// Returns an error if the database cannot store all of Unicode. Errors: kUnsupported; those of the database.
  virtual Result<void> CheckEncoding() = 0;

  /// Makes the statement that is running in another thread fail. Thread-safe.
  virtual void Interrupt() = 0;

  /// Returns the words of the dialect for {id}, {time} in definitions of tables: the type of a key that counts by
  /// itself, and that of a point in time.
  virtual std::string_view IdType() const = 0;
  virtual std::string_view TimeType() const = 0;
};

/// Opens a connection for reading and writing; a missing SQLite file is created, readable by its owner alone, unless
/// `read_only`.
SqlResult<std::unique_ptr<SqlConnection>> OpenSqlConnection(const StoreAddress& address, const SqlLimits& limits,
                                                            bool read_only = false);

/// The two kinds; see OpenSqlConnection.
SqlResult<std::unique_ptr<SqlConnection>> OpenSqlite(const StoreAddress& address, const SqlLimits& limits,
                                                     bool read_only);
SqlResult<std::unique_ptr<SqlConnection>> OpenPostgres(const StoreAddress& address, const SqlLimits& limits);

}  // namespace winnow

/// What the files of the store share.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/feedback_group.h"
#include "store/sql_pool.h"
#include "store/store.h"

namespace winnow {

/// Whether a table has addresses of users under another spelling than NormalUser's, as former versions stored them. The
/// database is asked once, because no index helps it.
class OtherSpellings {
 public:
  explicit OtherSpellings(std::string_view table) : table_(table) {}
  SqlResult<bool> Exist(SqlConnection& connection);
  /// Likewise; takes a connection only to ask the database.
  Result<bool> Exist(SqlPool& pool);

 private:
  enum class State { kUnknown, kNone, kSome };
  const std::string_view table_;
  std::atomic<State> state_ = State::kUnknown;
};

struct Store::State {
  explicit State(const StoreAddress& address, const StoreOptions& options)
      : pool(address, options.limits, options.max_connections), group(pool) {}

  SqlPool pool;
  FeedbackGroup group;  // ends before the pool
  OtherSpellings other_preferences{"preferences"}, other_reputation{"reputation"};
};

/// Returns the error of a change that the store refuses, which no further attempt makes right.
inline std::unexpected<SqlError> Refused(ErrorCode code, std::string message, std::string hint = {}) {
  return std::unexpected(SqlError{SqlError::kInvalid, {code, std::move(message), std::move(hint)}});
}

/// The WHERE clause of a query, whose conditions are texts of the program and whose values are bound.
class Conditions {
 public:
  /// Adds a condition; {} in it stands for the value.
  void Add(std::string_view condition, SqlValue value);
  template <typename T>
  void AddIf(std::string_view condition, const std::optional<T>& value);
  /// Returns the placeholder for one more value.
  std::string Bind(SqlValue value);
  /// Returns the clause, or nothing if there are no conditions.
  std::string Where() const { return clause_.empty() ? "" : " WHERE " + clause_; }
  const std::vector<SqlValue>& values() const { return values_; }

 private:
  std::string clause_;
  std::vector<SqlValue> values_;
};

/// Returns what `of` makes of each row of a query.
template <typename T>
Result<std::vector<T>> ReadRows(SqlPool& pool, const std::string& sql, const Conditions& conditions,
                                T (*of)(const SqlRow& row)) {
  std::vector<T> found;
  TRY(pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    found.clear();
    const SqlRows rows = TRY(connection.Run(sql, conditions.values()));
    for (const SqlRow& row : rows.rows) found.push_back(of(row));
    return {};
  }));
  return found;
}

/// Return the value, or null.
SqlValue Nullable(const std::optional<std::string>& text);
SqlValue Nullable(const std::optional<double>& number);
SqlValue Nullable(const std::optional<bool>& value);
std::optional<std::string> OptionalText(const SqlRow& row, size_t column);
std::optional<double> OptionalReal(const SqlRow& row, size_t column);
std::optional<bool> OptionalBoolean(const SqlRow& row, size_t column);
StoreTime TimeOf(const SqlRow& row, size_t column);

/// Returns the text as valid UTF-8 without zero bytes.
std::string StorableText(std::string_view text);

/// Returns a pattern for LIKE ... ESCAPE '!' that finds the part anywhere.
std::string LikePattern(std::string_view part);

/// Checks a key or name: valid UTF-8, no zero byte, 1 to 1,024 bytes (or none, if `may_be_empty`). Errors:
/// kInvalidArgument.
Result<void> CheckName(std::string_view name, std::string_view what, bool may_be_empty = false);
Result<void> CheckOptionalName(const std::optional<std::string>& name, std::string_view what);

/// Checks that a number is finite. Errors: kInvalidArgument.
Result<void> CheckFinite(double number, std::string_view what);

/// Adds an entry to the audit log in the transaction of the change, unless one with its key is there. Returns true if
/// it was added. The entry has been checked.
SqlResult<bool> InsertAudit(SqlConnection& connection, const AuditEntry& entry);

/// Returns the time, or the present one for the epoch.
StoreTime OrNow(StoreTime time);

template <typename T>
void Conditions::AddIf(std::string_view condition, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, StoreTime>) {
    Add(condition, TimeText(*value));
  } else if constexpr (std::is_same_v<T, bool>) {
    Add(condition, int64_t{*value});
  } else {
    Add(condition, *value);
  }
}

}  // namespace winnow

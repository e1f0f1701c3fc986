/// Connections to SQLite files, in the mode of a write-ahead log (https://www.sqlite.org/wal.html): readers and one
/// writer work at the same time, also of several processes. synchronous=FULL makes every committed transaction durable.
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include "base/ascii.h"
#include "base/mutex.h"
#include "store/sql_connection.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// A prepared statement, and for $1, $2 ... the number that SQLite has given each: it numbers names by appearance.
struct Prepared {
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement;
  std::vector<int> parameters;
};

SqlError::Kind KindOf(int code, int system_error) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return SqlError::kBusy;
    case SQLITE_INTERRUPT:
      return SqlError::kTimeout;
    case SQLITE_FULL:
      return SqlError::kFull;
    case SQLITE_CANTOPEN:
      return SqlError::kLost;
    case SQLITE_IOERR:
      // SQLite tells the system's error too late sometimes, when another one has taken its place.
      if (code == SQLITE_IOERR_WRITE && system_error != EIO) return SqlError::kFull;
      return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG ? SqlError::kFull
                                                                                       : SqlError::kLost;
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return SqlError::kInvalid;
    default:
      return SqlError::kOther;
  }
}

/// What a query of a user may do: read, and call functions other than the one that loads code.
int AllowReading(void*, int action, const char*, const char* function, const char*, const char*) {
  if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE) return SQLITE_OK;
  const bool safe = action == SQLITE_FUNCTION && function != nullptr && std::strcmp(function, "load_extension") != 0;
  return safe ? SQLITE_OK : SQLITE_DENY;
}

class SqliteConnection final : public SqlConnection {
 public:
  SqliteConnection(const StoreAddress& address, const SqlLimits& limits) : name_(address.name), limits_(limits) {}
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection() override {
    prepared_.clear();
    sqlite3_close_v2(database_);
  }

  SqlResult<void> Open(const std::filesystem::path& path, bool read_only) {
    const int flags =
        (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
    const std::string file = std::filesystem::absolute(path).string();  // a name such as file:x is a name here
    const int code = sqlite3_open_v2(file.c_str(), &database_, flags, nullptr);
    if (code != SQLITE_OK) return Failed(code, "cannot open the SQLite file");
    sqlite3_extended_result_codes(database_, 1);
    sqlite3_busy_timeout(database_, static_cast<int>(limits_.lock.count()));
    sqlite3_progress_handler(database_, 10000, &SqliteConnection::Overdue, this);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // For files of strangers (https://www.sqlite.org/security.html#untrusted_sqlite_database_files).
    if (read_only) return Execute("PRAGMA query_only=ON; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0");
    TRY(UseWriteAheadLog());
    TRY(Execute("PRAGMA synchronous=FULL"));
    TRY(Execute("PRAGMA secure_delete=ON"));  // what is deleted is overwritten with zeros
    return Execute("PRAGMA foreign_keys=ON");
  }

  SqlResult<SqlRows> Run(std::string_view sql, std::span<const SqlValue> values) override {
    Prepared* const prepared = TRY(Prepare(sql, values.size()));
    sqlite3_stmt* const statement = prepared->statement.get();
    TRY(Bind(*prepared, values));
    SqlRows result;
    const Deadline deadline(*this);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) result.rows.push_back(RowOf(statement));
    SqlResult<void> outcome;
    if (code != SQLITE_DONE) outcome = Failed(code, {});
    result.affected = sqlite3_changes64(database_);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    TRY(outcome);
    return result;
  }

  SqlResult<void> Execute(std::string_view sql) override {
    const Deadline deadline(*this);
    const int code = sqlite3_exec(database_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return Failed(code, {});
    return {};
  }

  SqlResult<void> Begin() override { return Execute("BEGIN IMMEDIATE"); }
  SqlResult<void> BeginMigration() override { return Execute("BEGIN IMMEDIATE"); }

  Result<void> ReadQuery(const std::string& query,
                         const std::function<Result<void>(const std::vector<SqlColumn>&)>& begin,
                         const std::function<Result<void>(const SqlRow&)>& take) override {
    sqlite3_set_authorizer(database_, &AllowReading, nullptr);
    sqlite3_stmt* compiled = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v2(database_, query.c_str(), static_cast<int>(query.size()) + 1, &compiled, &rest);
    const std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement(compiled);
    const bool writes =
        compiled != nullptr && (sqlite3_stmt_readonly(compiled) == 0 || sqlite3_column_count(compiled) == 0);
    // CREATE TABLE reports the refusal as an error of the schema.
    if (code == SQLITE_AUTH || code == SQLITE_READONLY || code == SQLITE_SCHEMA || writes) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the query is not a SELECT{}{}", name_, writes ? "" : ": ",
                              writes ? "" : sqlite3_errmsg(database_)),
                  "the query may read tables, and nothing else");
    }
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_ERROR) return std::unexpected(Failed(code, {}).error().error);
    if (code != SQLITE_OK) {
      return Fail(
          ErrorCode::kInvalidArgument, fmt::format("{}: {}", name_, sqlite3_errmsg(database_)),
          "check --query; names that contain capital letters need double quotes: SELECT * FROM \"spamFeedback\"");
    }
    if (compiled == nullptr)
      return Fail(ErrorCode::kInvalidArgument, "the query is empty", "specify one SELECT statement");
    TRY(CheckRest(rest));
    if (sqlite3_bind_parameter_count(compiled) > 0)
      return Fail(ErrorCode::kInvalidArgument, "the query contains parameters, which have no values",
                  "write the values into the query");
    std::vector<SqlColumn> columns;
    for (int i = 0; i < sqlite3_column_count(compiled); ++i) {
      const char* const declared = sqlite3_column_decltype(compiled, i);
      const std::string type = declared == nullptr ? "" : LowerAscii(std::string_view(declared));
      columns.push_back({sqlite3_column_name(compiled, i), type == "boolean" || type == "bool"});
    }
    TRY(begin(columns));
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(compiled)) == SQLITE_ROW) TRY(take(RowOf(compiled)));
    if (step != SQLITE_DONE) return Fail(ErrorCode::kIo, fmt::format("{}: {}", name_, sqlite3_errmsg(database_)));
    return {};
  }

  Result<void> CheckEncoding() override { return {}; }
  void Interrupt() override { sqlite3_interrupt(database_); }
  std::string_view IdType() const override { return "INTEGER PRIMARY KEY AUTOINCREMENT"; }
  std::string_view TimeType() const override { return "TEXT"; }

 private:
  /// Limits the duration of the statements that run during its lifetime.
  class Deadline {
   public:
    explicit Deadline(SqliteConnection& owner) : owner_(owner) {
      owner_.deadline_ = Clock::now() + owner_.limits_.statement;
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline() { owner_.deadline_ = Clock::time_point::max(); }

   private:
    SqliteConnection& owner_;
  };

  static int Overdue(void* self) {
    return Clock::now() > static_cast<const SqliteConnection*>(self)->deadline_ ? 1 : 0;
  }

  std::unexpected<SqlError> Failed(int code, std::string_view what) const {
    const SqlError::Kind kind = KindOf(code, database_ == nullptr ? 0 : sqlite3_system_errno(database_));
    const std::string message = database_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database_);
    SqlError error{kind,
                   {ErrorCode::kIo, fmt::format("{}: {}{}{}", name_, what, what.empty() ? "" : ": ", message), {}}};
    if (kind == SqlError::kFull) {
      error.error.message = fmt::format("{}: the disk is full, or the file may not grow ({})", name_, message);
      error.error.hint = "free disk space, or move the store to a larger disk";
    } else if (kind == SqlError::kTimeout) {
      error.error.message = fmt::format("{}: the statement took longer than {} ms", name_, limits_.statement.count());
      error.error.hint = "try again when the disk of the store is less busy";
    } else if (kind == SqlError::kBusy) {
      error.error.message = fmt::format("{}: another process has locked the file ({})", name_, message);
      error.error.hint = "wait until the other process, such as an import, has finished, and try again";
    } else if (kind == SqlError::kInvalid) {
      error.error.code = ErrorCode::kInvalidData;
    } else if (code == SQLITE_NOTADB) {
      error.error = {ErrorCode::kInvalidData, fmt::format("{}: the file is not a SQLite database", name_),
                     "name another file"};
    } else if (code == SQLITE_CANTOPEN) {
      error.error.hint =
          "the directory must exist and be writable; sqlite:///x is the absolute path /x, sqlite:x a "
          "relative one";
    }
    return std::unexpected(std::move(error));
  }

  /// Switching to the log needs the file alone for a moment, which the busy timeout does not wait for.
  SqlResult<void> UseWriteAheadLog() {
    const Clock::time_point end = Clock::now() + limits_.lock;
    while (true) {
      const SqlResult<void> done = Execute("PRAGMA journal_mode=WAL");
      if (done || done.error().kind != SqlError::kBusy || Clock::now() > end) return done;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  SqlResult<Prepared*> Prepare(std::string_view sql, size_t values) {
    const auto found = prepared_.find(sql);
    if (found != prepared_.end()) return &found->second;
    sqlite3_stmt* compiled = nullptr;
    const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &compiled, nullptr);
    if (code != SQLITE_OK) return Failed(code, {});
    Prepared prepared{std::unique_ptr<sqlite3_stmt, FinalizeStatement>(compiled), {}};
    for (size_t i = 1; i <= values; ++i)
      prepared.parameters.push_back(sqlite3_bind_parameter_index(compiled, fmt::format("${}", i).c_str()));
    return &prepared_.emplace(std::string(sql), std::move(prepared)).first->second;
  }

  SqlResult<void> Bind(const Prepared& prepared, std::span<const SqlValue> values) {
    sqlite3_stmt* const statement = prepared.statement.get();
    for (size_t i = 0; i < values.size(); ++i) {
      const int at = prepared.parameters[i];
      int code = SQLITE_OK;
      if (const auto* number = std::get_if<int64_t>(&values[i])) code = sqlite3_bind_int64(statement, at, *number);
      if (const auto* real = std::get_if<double>(&values[i])) code = sqlite3_bind_double(statement, at, *real);
      if (const auto* text = std::get_if<std::string>(&values[i]))
        code = sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
      if (code != SQLITE_OK) return Failed(code, fmt::format("cannot bind value {}", i + 1));
    }
    return {};
  }

  static SqlRow RowOf(sqlite3_stmt* statement) {
    std::vector<SqlValue> values;
    const int columns = sqlite3_column_count(statement);
    values.reserve(static_cast<size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_NULL:
          values.emplace_back();
          break;
        case SQLITE_INTEGER:
          values.emplace_back(int64_t{sqlite3_column_int64(statement, i)});
          break;
        case SQLITE_FLOAT:
          values.emplace_back(sqlite3_column_double(statement, i));
          break;
        default: {
          const void* const bytes = sqlite3_column_blob(statement, i);
          const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, i));
          values.emplace_back(std::string(static_cast<const char*>(bytes == nullptr ? "" : bytes), size));
        }
      }
    }
    return SqlRow(std::move(values));
  }

  /// Behind the statement there may be spaces, comments and semicolons.
  Result<void> CheckRest(const char* rest) const {
    while (*rest != '\0') {
      sqlite3_stmt* next = nullptr;
      const char* const here = rest;
      const int code = sqlite3_prepare_v2(database_, here, -1, &next, &rest);
      sqlite3_finalize(next);
      if (code != SQLITE_OK || next != nullptr) {
        return Fail(ErrorCode::kInvalidArgument, "the query contains more than one statement",
                    "pass one SELECT statement");
      }
      if (rest == here) break;
    }
    return {};
  }

  const std::string name_;
  const SqlLimits limits_;
  sqlite3* database_ = nullptr;
  std::map<std::string, Prepared, std::less<>> prepared_;
  Clock::time_point deadline_ = Clock::time_point::max();
};

/// Makes the file, which holds messages of users, readable by its owner alone; SQLite gives its log the same mode. A
/// file that is there is not opened: to close it would release all locks that this process has on it (POSIX, fcntl),
/// and another process that closes the store would then remove the log that this one writes to
/// (https://www.sqlite.org/howtocorrupt.html, section 2.2).
SqlResult<void> CreateFile(const std::filesystem::path& path) {
  static Mutex creating;  // so that no thread has locked the new file before it is closed here
  const MutexLock lock(creating);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  if (errno == EEXIST && ::access(path.c_str(), R_OK | W_OK) == 0) return {};
  const int error = errno;
  return std::unexpected(SqlError{
      error == ENOSPC ? SqlError::kFull : SqlError::kLost,
      {error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
       fmt::format("{}: cannot open the SQLite file: {}", path.string(), std::strerror(error)),
       "the directory must exist and be writable; sqlite:///x is the absolute path /x, sqlite:x a relative one"}});
}

}  // namespace

SqlResult<std::unique_ptr<SqlConnection>> OpenSqlite(const StoreAddress& address, const SqlLimits& limits,
                                                     bool read_only) {
  std::error_code ignored;
  if (!read_only) TRY(CreateFile(address.path));
  if (read_only && !std::filesystem::exists(address.path, ignored)) {
    return std::unexpected(
        SqlError{SqlError::kOther, {ErrorCode::kNotFound, fmt::format("{}: no such file", address.name), {}}});
  }
  auto connection = std::make_unique<SqliteConnection>(address, limits);
  TRY(connection->Open(address.path, read_only));
  return connection;
}

}  // namespace winnow

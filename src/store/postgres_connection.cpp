/// Connections to PostgreSQL over libpqxx 6 (https://libpqxx.readthedocs.io/en/6.4). One nontransaction object lives as
/// long as the connection: transactions are statements of our own, as with SQLite.
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <pqxx/pqxx>

#include "store/sql_connection.h"

namespace winnow {
namespace {

constexpr int kBytesType = 17;                      // pg_type.dat: bytea
constexpr int kBooleanType = 16;                    // pg_type.dat: bool
constexpr int64_t kMigrationLock = 0x77696e6e6f77;  // the letters of "winnow"

/// Appends a parameter to the connection URI, unless the user has set it.
void AddParameter(std::string& url, std::string_view name, std::string_view value) {
  if (url.find(fmt::format("{}=", name), std::min(url.find('?'), url.size())) != std::string::npos) return;
  url += fmt::format("{}{}={}", url.find('?') == std::string::npos ? '?' : '&', name, value);
}

SqlError::Kind KindOfState(std::string_view state) {
  if (state == "40001" || state == "40P01" || state == "55P03") return SqlError::kBusy;
  if (state == "57014") return SqlError::kTimeout;
  if (state == "53100") return SqlError::kFull;
  // Connection exceptions, too many connections, shutdown of the server, its start, a hot standby.
  if (state.starts_with("08") || state == "53300" || state.starts_with("57P") || state == "25006")
    return SqlError::kLost;
  // Data exceptions, violated constraints, exceeded limits of the program.
  if (state.starts_with("22") || state.starts_with("23") || state.starts_with("54")) return SqlError::kInvalid;
  return SqlError::kOther;
}

/// The message's first line, which says what is wrong; the lines after it quote the statement.
std::string Headline(std::string_view message) {
  if (message.starts_with("ERROR:")) message.remove_prefix(6);
  while (message.starts_with(' ')) message.remove_prefix(1);
  while (message.ends_with('\n') || message.ends_with(' ')) message.remove_suffix(1);
  std::string text(message);
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) {
    const size_t next = std::min(text.find_first_not_of("\n\t ", at), text.size());  // libpq indents its advice
    const bool sentence_ends = at > 0 && (text[at - 1] == ';' || text[at - 1] == '.');
    text.replace(at, next - at, sentence_ends ? " " : "; ");
  }
  return text;
}

class PostgresConnection final : public SqlConnection {
 public:
  PostgresConnection(StoreAddress address, const SqlLimits& limits) : address_(std::move(address)), limits_(limits) {}

  SqlResult<void> Open() {
    std::string url = address_.url;
    AddParameter(url, "connect_timeout", std::to_string(std::max<int64_t>(2, limits_.connect.count())));
    AddParameter(url, "application_name", "winnow");
    AddParameter(url, "client_encoding", "UTF8");
    AddParameter(url, "tcp_user_timeout", std::to_string(limits_.statement.count()));
    return Guarded([&]() -> SqlResult<void> {
      connection_ = std::make_unique<pqxx::connection>(url);
      socket_ = connection_->sock();
      work_ = std::make_unique<pqxx::nontransaction>(*connection_);
      return {};
    });
  }

  SqlResult<SqlRows> Run(std::string_view sql, std::span<const SqlValue> values) override {
    std::vector<std::string> texts(values.size());
    std::vector<const char*> parameters(values.size(), nullptr);
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::holds_alternative<std::monostate>(values[i])) continue;
      if (const auto* text = std::get_if<std::string>(&values[i])) {
        if (text->find('\0') != std::string::npos) return ZeroByte();
        parameters[i] = text->c_str();
        continue;
      }
      texts[i] = SqlRow({values[i]}).Text(0);
      parameters[i] = texts[i].c_str();
    }
    return Guarded([&]() -> SqlResult<SqlRows> {
      Configure();
      const pqxx::result result = work_->exec_prepared(NameOf(sql), pqxx::prepare::make_dynamic_params(parameters));
      SqlRows rows;
      rows.affected = static_cast<int64_t>(result.affected_rows());
      rows.rows.reserve(result.size());
      for (const pqxx::row& row : result) rows.rows.push_back(RowOf(row));
      return rows;
    });
  }

  SqlResult<void> Execute(std::string_view sql) override {
    return Guarded([&]() -> SqlResult<void> {
      Configure();
      work_->exec(std::string(sql));
      return {};
    });
  }

  /// A hot standby, which a server may be after a failover, refuses serializable transactions (0A000). Its connection
  /// is given up, as the name may stand for the new primary by now.
  SqlResult<void> Begin() override {
    SqlResult<void> begun = Execute("BEGIN ISOLATION LEVEL SERIALIZABLE");
    if (!begun && begun.error().kind == SqlError::kOther) {
      begun.error().kind = SqlError::kLost;
      begun.error().error.code = ErrorCode::kNetwork;
    }
    return begun;
  }

  SqlResult<void> BeginMigration() override {
    TRY(Execute("BEGIN"));
    return Execute(fmt::format("SELECT pg_advisory_xact_lock({})", kMigrationLock));
  }

  Result<void> ReadQuery(const std::string& query,
                         const std::function<Result<void>(const std::vector<SqlColumn>&)>& begin,
                         const std::function<Result<void>(const SqlRow&)>& take) override {
    TRY(Execute("SET statement_timeout = 0"));
    TRY(Execute("BEGIN READ ONLY"));
    // With parameters, even none, PostgreSQL parses one statement only: nothing can follow it and end the transaction.
    // As a cursor it must be a SELECT, or VALUES.
    const SqlResult<void> declared = Guarded([&]() -> SqlResult<void> {
      work_->exec_params("DECLARE winnow_rows NO SCROLL CURSOR FOR " + query);
      return {};
    });
    if (!declared && (declared.error().kind == SqlError::kOther || declared.error().kind == SqlError::kInvalid)) {
      return Fail(
          ErrorCode::kInvalidArgument, declared.error().error.message,
          "check --query, which is one SELECT statement; names that contain capital letters need double quotes: "
          "SELECT * FROM \"spamFeedback\"");
    }
    TRY(declared);
    for (bool first = true;; first = false) {
      const pqxx::result result =
          TRY(Guarded([&]() -> SqlResult<pqxx::result> { return work_->exec("FETCH 1000 FROM winnow_rows"); }));
      if (first) {
        std::vector<SqlColumn> columns;
        for (pqxx::row::size_type i = 0; i < result.columns(); ++i)
          columns.push_back({result.column_name(i), result.column_type(i) == kBooleanType});
        TRY(begin(columns));
      }
      if (result.empty()) break;
      for (const pqxx::row& row : result) TRY(take(RowOf(row)));
    }
    TRY(Execute("ROLLBACK"));
    return {};
  }

  /// PostgreSQL would refuse each text that has characters outside of its encoding. SQL_ASCII stores any bytes.
  Result<void> CheckEncoding() override {
    const SqlRows rows = TRY(Run("SHOW server_encoding", {}));
    const std::string encoding = rows.rows.at(0).Text(0);
    if (encoding == "UTF8" || encoding == "SQL_ASCII") return {};
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the database has the encoding {}, which cannot represent all texts", encoding),
                "create the database with ENCODING 'UTF8'");
  }

  /// Ends the connection, whose thread then sees the end of the stream. A server that does not respond (stopped, or
  /// behind a broken network) would not heed a request to cancel.
  void Interrupt() override {
    const int socket = socket_;
    if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
  }

  std::string_view IdType() const override { return "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"; }
  std::string_view TimeType() const override { return "TIMESTAMPTZ"; }

 private:
  SqlError Failure(SqlError::Kind kind, std::string_view message) const {
    const bool lost = kind == SqlError::kLost;
    SqlError error{kind,
                   {lost                         ? ErrorCode::kNetwork
                    : kind == SqlError::kInvalid ? ErrorCode::kInvalidData
                                                 : ErrorCode::kIo,
                    fmt::format("{}: {}", address_.name, address_.WithoutPassword(Headline(message))),
                    {}}};
    if (kind == SqlError::kTimeout) {
      error.error.message =
          fmt::format("{}: the statement took longer than {} ms", address_.name, limits_.statement.count());
      error.error.hint = "try again when the database is less busy";
    }
    if (lost && connection_ == nullptr)
      error.error.hint = "check that the server is running, and the URL of the database";
    return error;
  }

  /// libpqxx reports errors as exceptions, which end here.
  template <typename Body>
  auto Guarded(Body&& body) -> decltype(body()) {
    try {
      return body();
    } catch (const pqxx::broken_connection& exception) {
      return std::unexpected(Failure(SqlError::kLost, exception.what()));
    } catch (const pqxx::transaction_rollback& exception) {  // serialization failures and deadlocks
      return std::unexpected(Failure(SqlError::kBusy, exception.what()));
    } catch (const pqxx::sql_error& exception) {
      const bool open = connection_ != nullptr && connection_->is_open();
      return std::unexpected(Failure(open ? KindOfState(exception.sqlstate()) : SqlError::kLost, exception.what()));
    } catch (const std::exception& exception) {
      const bool open = connection_ != nullptr && connection_->is_open();
      return std::unexpected(Failure(open ? SqlError::kOther : SqlError::kLost, exception.what()));
    }
  }

  std::unexpected<SqlError> ZeroByte() const {
    return std::unexpected(SqlError{SqlError::kInvalid,
                                    {ErrorCode::kInvalidData,
                                     fmt::format("{}: texts in PostgreSQL cannot contain a zero byte", address_.name),
                                     {}}});
  }

  const std::string& NameOf(std::string_view sql) {
    const auto found = prepared_.find(sql);
    if (found != prepared_.end()) return found->second;
    const std::string name = fmt::format("w{}", prepared_.size());
    connection_->prepare(name, std::string(sql));
    return prepared_.emplace(std::string(sql), name).first->second;
  }

  /// Sets what holds for the session, before its first statement. Not when it is opened: whoever interrupts statements
  /// could not interrupt this one, to which a server that hangs, or a pooler whose server does, gives no answer.
  void Configure() {
    if (configured_) return;
    const int64_t longest = limits_.statement.count();
    // The limit of statements comes last: it holds for each statement behind it, those of the set-up too, which a busy
    // machine may keep waiting for longer.
    work_->exec(
        fmt::format("SET client_min_messages = error; SET timezone = 'UTC'; SET synchronous_commit = on; "
                    "SET idle_in_transaction_session_timeout = {}; SET statement_timeout = {}",
                    3 * longest, longest));
    configured_ = true;
  }

  static SqlRow RowOf(const pqxx::row& row) {
    std::vector<SqlValue> values;
    values.reserve(row.size());
    for (const pqxx::field& field : row) {
      if (field.is_null()) {
        values.emplace_back();
      } else if (field.type() == kBytesType) {
        values.emplace_back(pqxx::binarystring(field).str());  // else as hexadecimal digits
      } else {
        values.emplace_back(std::string(field.c_str(), field.size()));
      }
    }
    return SqlRow(std::move(values));
  }

  const StoreAddress address_;
  const SqlLimits limits_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<pqxx::nontransaction> work_;  // ends before its connection
  bool configured_ = false;
  std::map<std::string, std::string, std::less<>> prepared_;
  std::atomic<int> socket_ = -1;
};

}  // namespace

SqlResult<std::unique_ptr<SqlConnection>> OpenPostgres(const StoreAddress& address, const SqlLimits& limits) {
  auto connection = std::make_unique<PostgresConnection>(address, limits);
  TRY(connection->Open());
  return connection;
}

}  // namespace winnow

#include "store/schema.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "store/former_copies.h"
#include "store/time_text.h"

namespace winnow {
namespace {

// {id} and {time} stand for the types of the dialect; the rest is valid in both.
constexpr auto kVersion1 = std::to_array<std::string_view>({
    "CREATE TABLE spam_feedback (id {id}, text TEXT NOT NULL, is_spam BOOLEAN, label TEXT, feedback_type TEXT NOT NULL, "
    "message_id TEXT, user_id TEXT, model_version TEXT, score DOUBLE PRECISION, created_at {time} NOT NULL)",
    "CREATE INDEX spam_feedback_message ON spam_feedback (message_id)",
    "CREATE INDEX spam_feedback_user ON spam_feedback (user_id, id)",
    "CREATE INDEX spam_feedback_type ON spam_feedback (feedback_type, id)",
    "CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY, digest TEXT NOT NULL, created_at {time} NOT NULL)",
    // An empty user_id stands for all users.
    "CREATE TABLE reputation (sender TEXT NOT NULL, kind TEXT NOT NULL, user_id TEXT NOT NULL DEFAULT '', "
    "score DOUBLE PRECISION NOT NULL, updated_at {time} NOT NULL, PRIMARY KEY (sender, kind, user_id))",
    "CREATE TABLE preferences (user_id TEXT PRIMARY KEY, mode TEXT, threshold DOUBLE PRECISION, "
    "updated_at {time} NOT NULL)",
    "CREATE TABLE audit_log (id {id}, event_key TEXT NOT NULL UNIQUE, actor TEXT NOT NULL, action TEXT NOT NULL, "
    "subject TEXT NOT NULL, details TEXT NOT NULL, created_at {time} NOT NULL)",
    "CREATE INDEX audit_log_subject ON audit_log (subject, id)",
});

constexpr auto kVersion2 = std::to_array<std::string_view>({
    "ALTER TABLE spam_feedback ADD COLUMN source TEXT NOT NULL DEFAULT 'user'",
    "CREATE TABLE messages (id {id}, message_id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, sender TEXT, user_id TEXT, "
    "is_spam BOOLEAN NOT NULL, score DOUBLE PRECISION NOT NULL, source TEXT NOT NULL, model_version TEXT, "
    "symbols TEXT NOT NULL, created_at {time} NOT NULL)",
    "CREATE INDEX messages_time ON messages (created_at)",
    "CREATE INDEX messages_sender ON messages (sender, id)",
    "CREATE INDEX messages_user ON messages (user_id, id)",
});

constexpr auto kVersion3 = std::to_array<std::string_view>({
    "CREATE TABLE verdict_samples (id {id}, message_id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, is_spam BOOLEAN NOT NULL, "
    "score DOUBLE PRECISION NOT NULL, stratum TEXT NOT NULL, probability DOUBLE PRECISION NOT NULL, model_version TEXT, "
    "label TEXT, labelled_by TEXT, created_at {time} NOT NULL)",
    "CREATE TABLE campaign_uses (digest TEXT PRIMARY KEY, used_at {time} NOT NULL)",
});

// Deletions find the keys of events by the digest of their contents.
constexpr auto kVersion4 = std::to_array<std::string_view>({
    "CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE forgotten (id {id}, digest TEXT NOT NULL UNIQUE, forgotten_at {time} NOT NULL)",
    "CREATE INDEX idempotency_keys_digest ON idempotency_keys (digest)",
    "ALTER TABLE verdict_samples ADD COLUMN user_id TEXT",
    "ALTER TABLE messages ADD COLUMN redacted BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE messages ADD COLUMN threshold DOUBLE PRECISION",
});

// Versions of models, and what their aliases mean: the row of an alias with the highest sequence; the others are its
// history. Rows of aliases are only added.
constexpr auto kVersion5 = std::to_array<std::string_view>({
    "CREATE TABLE models (name TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, uri TEXT NOT NULL, "
    "metrics TEXT NOT NULL, created_at {time} NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL, "
    "architecture TEXT NOT NULL, labels TEXT NOT NULL, data_sha256 TEXT, parent TEXT, command TEXT, code_version TEXT, "
    "files TEXT NOT NULL, bytes BIGINT NOT NULL, pushed_by TEXT NOT NULL, PRIMARY KEY (name, version))",
    "CREATE INDEX models_digest ON models (name, digest)",
    "CREATE TABLE aliases (name TEXT NOT NULL, alias TEXT NOT NULL, sequence BIGINT NOT NULL, version TEXT, "
    "from_version TEXT, actor TEXT NOT NULL, reason TEXT NOT NULL, created_at {time} NOT NULL, "
    "PRIMARY KEY (name, alias, sequence))",
});

// Experiments: counters and users are written by each server, the state by whichever server counts next.
constexpr auto kVersion6 = std::to_array<std::string_view>({
    "CREATE TABLE experiments (model TEXT NOT NULL, number BIGINT NOT NULL, revision BIGINT NOT NULL, active BOOLEAN NOT "
    "NULL, champion TEXT NOT NULL, candidate TEXT NOT NULL, plan TEXT NOT NULL, state TEXT NOT NULL, created_by TEXT NOT "
    "NULL, created_at {time} NOT NULL, PRIMARY KEY (model, number))",
    "CREATE TABLE experiment_reports (model TEXT NOT NULL, number BIGINT NOT NULL, user_id TEXT NOT NULL, event_id TEXT "
    "NOT NULL, arm TEXT NOT NULL, share DOUBLE PRECISION NOT NULL, created_at {time} NOT NULL, settled_until {time}, "
    "PRIMARY KEY (model, number, user_id))",
    "CREATE TABLE experiment_users (model TEXT NOT NULL, number BIGINT NOT NULL, user_id TEXT NOT NULL, arm TEXT NOT NULL, "
    "share DOUBLE PRECISION NOT NULL, created_at {time} NOT NULL, moved_at {time}, PRIMARY KEY (model, number, user_id))",
    "CREATE TABLE experiment_disagreements (model TEXT NOT NULL, number BIGINT NOT NULL, message_id TEXT NOT NULL, "
    "champion_is_spam BOOLEAN NOT NULL, user_id TEXT, created_at {time} NOT NULL, is_spam BOOLEAN, counted_in BIGINT, "
    "PRIMARY KEY (model, number, message_id))",
    "CREATE TABLE experiment_counters (model TEXT NOT NULL, number BIGINT NOT NULL, server TEXT NOT NULL, arm TEXT NOT "
    "NULL, counters TEXT NOT NULL, updated_at {time} NOT NULL, PRIMARY KEY (model, number, server, arm))",
    "CREATE TABLE experiment_decisions (model TEXT NOT NULL, number BIGINT NOT NULL, revision BIGINT NOT NULL, action TEXT "
    "NOT NULL, reason TEXT NOT NULL, created_at {time} NOT NULL, PRIMARY KEY (model, number, revision))",
});

// Lists of senders and of users, of which those that changed last come first.
constexpr auto kVersion7 = std::to_array<std::string_view>({
    "CREATE INDEX reputation_changes ON reputation (kind, updated_at, sender, user_id)",
    "CREATE INDEX preferences_changes ON preferences (updated_at, user_id)",
});

// What a program of a former version needs to know about tables that are newer than it: see RefuseUnlessReadable.
constexpr auto kVersion8 = std::to_array<std::string_view>({
    "ALTER TABLE schema_version ADD COLUMN oldest_reader INTEGER",
    "ALTER TABLE schema_version ADD COLUMN written_by TEXT",
});
constexpr int kFirstWithReader = 8;

struct Migration {
  std::span<const std::string_view> statements;
  int oldest_reader;  ///< see schema.h
};

constexpr std::array<Migration, kSchemaVersion> kMigrations = {{
    {kVersion1, 1},
    {kVersion2, 2},
    {kVersion3, 3},
    {kVersion4, 4},
    {kVersion5, 5},
    {kVersion6, 6},
    {kVersion7, 7},
    {kVersion8, 8},
}};

std::string InDialect(std::string_view statement, const SqlConnection& connection) {
  std::string text(statement);
  for (const auto& [word, type] : {std::pair<std::string_view, std::string_view>("{id}", connection.IdType()),
                                   std::pair<std::string_view, std::string_view>("{time}", connection.TimeType())}) {
    for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += type.size())
      text.replace(at, word.size(), type);
  }
  return text;
}

/// What somebody can do who needs this version of the program, as the end of a sentence.
std::string WayBack(const std::filesystem::path& file) {
  constexpr std::string_view kLoss = "without what was stored since then";
  if (file.empty()) return fmt::format("; or restore the dump from before the upgrade with pg_restore, {}", kLoss);
  const std::optional<std::filesystem::path> copy = FindFormerCopy(file, kSchemaVersion);
  if (!copy) return fmt::format("; or restore a backup from before the upgrade with 'winnow restore', {}", kLoss);
  return fmt::format("; or go back to the copy from before the migration, {}: winnow restore {} --store {} --overwrite",
                     kLoss, copy->string(), file.string());
}

/// Refuses tables of a newer version, unless their last migration has recorded that this program can use them.
Result<void> RefuseUnlessReadable(SqlConnection& connection, int found, const std::filesystem::path& file) {
  const SqlResult<SqlRows> recorded =
      connection.Run("SELECT oldest_reader, written_by FROM schema_version WHERE version = $1", {int64_t{found}});
  const bool has_row = recorded && !recorded->rows.empty() && !recorded->rows[0].IsNull(0);
  if (has_row && recorded->rows[0].Integer(0) <= kSchemaVersion) return {};
  const std::string writer = has_row && !recorded->rows[0].IsNull(1) ? recorded->rows[0].Text(1) : "";
  return Fail(ErrorCode::kUnsupported,
              fmt::format("the tables of the store have schema version {}{}, and this program, Winnow {}, can use "
                          "versions up to {}",
                          found, writer.empty() ? "" : ", written by Winnow " + writer, WINNOW_VERSION, kSchemaVersion),
              fmt::format("use {}{}",
                          writer.empty() ? "the version of Winnow that wrote the store, or a newer one"
                                         : "Winnow " + writer + " or a newer version",
                          WayBack(file)));
}

/// Keeps a copy of a store of a former version before its tables change.
Result<void> KeepCopy(const std::filesystem::path& file, int found) {
  if (found == 0 || file.empty()) return {};
  const std::filesystem::path copy = TRY(KeepFormerCopy(file, found));
  LogInfo("{}: the tables are migrated from schema version {}; the former store is kept as {}", file.string(), found,
          copy.string());
  return {};
}

/// Runs the statements of one migration, and records it.
Result<void> ApplyMigration(SqlConnection& connection, int version) {
  const Migration& migration = kMigrations[static_cast<size_t>(version - 1)];
  for (const std::string_view statement : migration.statements) {
    const SqlResult<void> done = connection.Execute(InDialect(statement, connection));
    if (done) continue;
    Error error = done.error().error;
    if (done.error().kind == SqlError::kOther) {
      error.hint =
          "tables of another program may have the names of Winnow's tables; use another file or database, or "
          "in PostgreSQL a schema: add ?options=-csearch_path%3Dwinnow to the URL";
    }
    return std::unexpected(std::move(error));
  }
  TRY(connection.Run("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)",
                     {int64_t{version}, TimeText(StoreNow())}));
  if (version < kFirstWithReader) return {};
  TRY(connection.Run("UPDATE schema_version SET oldest_reader = $2, written_by = $3 WHERE version = $1",
                     {int64_t{version}, int64_t{migration.oldest_reader}, std::string(WINNOW_VERSION)}));
  return {};
}

/// Runs in the transaction of a migration.
Result<void> ApplyMigrations(SqlConnection& connection, int version, const std::filesystem::path& file) {
  TRY(connection.Execute(
      InDialect("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at {time} NOT NULL)",
                connection)));
  const int found = TRY(SchemaVersionOf(connection));
  if (found > kSchemaVersion) TRY(RefuseUnlessReadable(connection, found, file));
  if (found < version) TRY(KeepCopy(file, found));
  for (int next = found + 1; next <= version; ++next) TRY(ApplyMigration(connection, next));
  TRY(connection.Commit());
  return {};
}

}  // namespace

SqlResult<int> SchemaVersionOf(SqlConnection& connection) {
  const SqlRows rows = TRY(connection.Run("SELECT COALESCE(MAX(version), 0) FROM schema_version"));
  const int64_t version = rows.rows.at(0).Integer(0);
  if (version >= 0 && version <= INT32_MAX) return static_cast<int>(version);
  return std::unexpected(SqlError{
      SqlError::kInvalid,
      {ErrorCode::kInvalidData, fmt::format("the tables of the store have no valid schema version, but {}", version),
       "restore the store from a backup"}});
}

Result<void> MigrateSchema(SqlConnection& connection, int version, const std::filesystem::path& file) {
  // Without a lock first: most processes find the tables complete.
  const SqlResult<int> found = SchemaVersionOf(connection);
  if (found && *found > kSchemaVersion) return RefuseUnlessReadable(connection, *found, file);
  if (found && *found >= version) return {};
  if (!found && found.error().kind != SqlError::kOther) return std::unexpected(found.error().error);
  TRY(connection.CheckEncoding());
  TRY(connection.BeginMigration());
  const Result<void> applied = ApplyMigrations(connection, version, file);
  if (!applied) (void)connection.Rollback();  // the error that matters is that of the migration
  return applied;
}

}  // namespace winnow

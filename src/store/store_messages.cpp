/// The history of messages.
#include <fmt/format.h>

#include "base/ascii.h"
#include "base/json.h"
#include "store/store_state.h"
#include "store/tombstones.h"
#include "store/user_name.h"

namespace winnow {
namespace {

constexpr std::string_view kMessageColumns =
    "id, message_id, text, sender, user_id, is_spam, score, source, model_version, symbols, created_at, redacted, "
    "threshold";

StoredMessage MessageOf(const SqlRow& row) {
  StoredMessage stored;
  stored.id = row.Integer(0);
  stored.message.message_id = row.Text(1);
  stored.message.text = row.Text(2);
  stored.message.sender = OptionalText(row, 3);
  stored.message.user_id = OptionalText(row, 4);
  stored.message.is_spam = row.Boolean(5);
  stored.message.score = row.Real(6);
  stored.message.source = row.Text(7);
  stored.message.model_version = OptionalText(row, 8);
  stored.message.symbols = row.Text(9);
  stored.message.created_at = TimeOf(row, 10);
  stored.message.redacted = row.Boolean(11);
  stored.message.threshold = OptionalReal(row, 12);
  return stored;
}

Result<void> CheckMessage(const MessageRecord& message) {
  TRY(CheckName(message.message_id, "message id"));
  TRY(CheckOptionalName(message.sender, "sender"));
  TRY(CheckOptionalName(message.user_id, "user id"));
  TRY(CheckOptionalName(message.model_version, "model version"));
  TRY(CheckName(message.source, "source"));
  TRY(CheckFinite(message.score, "score"));
  TRY(CheckFinite(message.threshold.value_or(0), "threshold"));
  TRY(ParseJson(message.symbols, "symbols of the message"));
  return {};
}

Conditions MessageConditions(const MessageFilter& filter) {
  Conditions conditions;
  conditions.AddIf("sender = {}", filter.sender);
  if (filter.user_id) {
    // Former versions have stored addresses of users as they were spelt.
    const std::string given = conditions.Bind(*filter.user_id);
    conditions.Add("user_id IN (" + given + ", {})", NormalUser(*filter.user_id));
  }
  conditions.AddIf("source = {}", filter.source);
  conditions.AddIf("is_spam = {}", filter.is_spam);
  conditions.AddIf("score >= {}", filter.min_score);
  conditions.AddIf("score <= {}", filter.max_score);
  conditions.AddIf("created_at >= {}", filter.since);
  conditions.AddIf("created_at < {}", filter.until);
  if (filter.contains)
    conditions.Add("LOWER(text) LIKE {} ESCAPE '!'", LikePattern(LowerAscii(StorableText(*filter.contains))));
  if (filter.symbol) {
    const std::string member = "\"name\":" + Json(*filter.symbol).dump();
    conditions.Add("symbols LIKE {} ESCAPE '!'", LikePattern(member));
  }
  if (filter.before_id > 0) conditions.Add("id < {}", filter.before_id);
  return conditions;
}

}  // namespace

Result<void> Store::RecordMessages(std::span<const MessageRecord> messages) {
  for (const MessageRecord& message : messages) TRY(CheckMessage(message));
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const TombstoneCheck tombstones = TRY(TombstoneCheck::Begin(connection));
    for (const MessageRecord& message : messages) {
      if (TRY(tombstones.Covers(message))) continue;
      // Symbols are stored as this program writes JSON, so that a search by their names finds them.
      const std::string symbols = ParseJson(message.symbols, "symbols").value_or(Json::array()).dump();
      TRY(connection.Run(
          "INSERT INTO messages (message_id, text, sender, user_id, is_spam, score, source, model_version, symbols, "
          "created_at, redacted, threshold) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (message_id) DO UPDATE SET "
          "text = excluded.text, sender = excluded.sender, user_id = excluded.user_id, is_spam = excluded.is_spam, "
          "score = excluded.score, source = excluded.source, model_version = excluded.model_version, "
          "symbols = excluded.symbols, created_at = excluded.created_at, redacted = excluded.redacted, "
          "threshold = excluded.threshold",
          {message.message_id, StorableText(message.text), Nullable(message.sender), Nullable(message.user_id),
           int64_t{message.is_spam}, message.score, message.source, Nullable(message.model_version), symbols,
           TimeText(OrNow(message.created_at)), int64_t{message.redacted}, Nullable(message.threshold)}));
    }
    return {};
  }));
  return {};
}

Result<std::optional<StoredMessage>> Store::FindMessage(std::string_view message_id) {
  TRY(CheckName(message_id, "message id"));
  const std::string sql = fmt::format("SELECT {} FROM messages WHERE message_id = $1", kMessageColumns);
  std::optional<StoredMessage> found;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    const SqlRows rows = TRY(connection.Run(sql, {std::string(message_id)}));
    if (!rows.rows.empty()) found = MessageOf(rows.rows[0]);
    return {};
  }));
  return found;
}

Result<std::vector<StoredMessage>> Store::ListMessages(const MessageFilter& filter) {
  Conditions conditions = MessageConditions(filter);
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql =
      fmt::format("SELECT {} FROM messages{} ORDER BY id DESC LIMIT {}", kMessageColumns, conditions.Where(), limit);
  return ReadRows(state_->pool, sql, conditions, MessageOf);
}

Result<int64_t> Store::DeleteMessagesBefore(StoreTime time) {
  // All at once could take longer than a statement may, and would be undone again; and others that write would wait.
  constexpr int64_t kMost = 2000;
  int64_t deleted = 0;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const SqlRows rows =
        TRY(connection.Run("DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE created_at < $1 ORDER BY "
                           "created_at LIMIT $2)",
                           {TimeText(time), kMost}));
    deleted = rows.affected;
    return {};
  }));
  return deleted;
}

}  // namespace winnow

/// Preferences of users, reputation of senders, and the audit log.
#include <fmt/format.h>

#include <cmath>

#include "base/json.h"
#include "store/store_state.h"
#include "store/tombstones.h"
#include "store/user_name.h"

namespace winnow {
namespace {

constexpr std::string_view kSelectReputation =
    "SELECT score, updated_at FROM reputation WHERE sender = $1 AND kind = $2 AND user_id = $3";
constexpr std::string_view kUpsertReputation =
    "INSERT INTO reputation (sender, kind, user_id, score, updated_at) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (sender, kind, user_id) DO UPDATE SET score = excluded.score, updated_at = excluded.updated_at";

Result<void> CheckKey(const ReputationKey& key) {
  TRY(CheckName(key.sender, "sender"));
  TRY(CheckName(key.kind, "kind of reputation"));
  return CheckName(key.user_id, "user id", true);
}

SqlResult<std::optional<Reputation>> Select(SqlConnection& connection, const ReputationKey& key) {
  const SqlRows rows = TRY(connection.Run(kSelectReputation, {key.sender, key.kind, key.user_id}));
  if (rows.rows.empty()) return std::nullopt;
  return Reputation{rows.rows[0].Real(0), TimeOf(rows.rows[0], 1)};
}

SqlResult<void> Upsert(SqlConnection& connection, const ReputationKey& key, const Reputation& reputation) {
  TRY(connection.Run(kUpsertReputation,
                     {key.sender, key.kind, key.user_id, reputation.score, TimeText(reputation.updated_at)}));
  return {};
}

/// Returns what is left of the score at that time. A clock that was set back makes no score grow.
double Decayed(const Reputation& reputation, const ReputationChange& change) {
  if (!change.half_life || change.half_life->count() <= 0) return reputation.score;
  const auto age = std::chrono::duration<double, std::milli>(change.at - reputation.updated_at);
  return reputation.score * std::exp2(-std::max(0.0, age.count()) / static_cast<double>(change.half_life->count()));
}

bool IsAddress(std::string_view user_id) { return user_id.find('@') != std::string_view::npos; }

}  // namespace

SqlResult<bool> OtherSpellings::Exist(SqlConnection& connection) {
  if (state_ == State::kUnknown) {
    const SqlRows rows = TRY(connection.Run(
        fmt::format("SELECT 1 FROM {} WHERE user_id LIKE '%@%' AND user_id <> LOWER(user_id) LIMIT 1", table_)));
    state_ = rows.rows.empty() ? State::kNone : State::kSome;
  }
  return state_ == State::kSome;
}

Result<bool> OtherSpellings::Exist(SqlPool& pool) {
  if (state_ == State::kUnknown) {
    TRY(pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
      TRY(Exist(connection));
      return {};
    }));
  }
  return state_ == State::kSome;
}

Result<std::optional<Preferences>> Store::GetPreferences(std::string_view user_id) {
  TRY(CheckName(user_id, "user id"));
  std::optional<Preferences> found;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    SqlRows rows =
        TRY(connection.Run("SELECT mode, threshold FROM preferences WHERE user_id = $1", {std::string(user_id)}));
    if (rows.rows.empty() && IsAddress(user_id) && TRY(state_->other_preferences.Exist(connection))) {
      rows =
          TRY(connection.Run("SELECT mode, threshold FROM preferences WHERE LOWER(user_id) = $1 "
                             "ORDER BY updated_at DESC LIMIT 1",
                             {NormalUser(user_id)}));
    }
    if (!rows.rows.empty()) found = Preferences{OptionalText(rows.rows[0], 0), OptionalReal(rows.rows[0], 1)};
    return {};
  }));
  return found;
}

Result<void> Store::SetPreferences(std::string_view user_id, const Preferences& preferences) {
  TRY(CheckName(user_id, "user id"));
  TRY(CheckOptionalName(preferences.mode, "mode"));
  TRY(CheckFinite(preferences.threshold.value_or(0), "threshold"));
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    TRY(connection.Run(
        "INSERT INTO preferences (user_id, mode, threshold, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) "
        "DO UPDATE SET mode = excluded.mode, threshold = excluded.threshold, updated_at = excluded.updated_at",
        {std::string(user_id), Nullable(preferences.mode), Nullable(preferences.threshold), TimeText(StoreNow())}));
    return {};
  }));
  return {};
}

Result<std::optional<Reputation>> Store::GetReputation(const ReputationKey& key) {
  TRY(CheckKey(key));
  std::optional<Reputation> found;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    found = TRY(Select(connection, key));
    return {};
  }));
  return found;
}

Result<std::vector<StoredReputation>> Store::FindReputation(std::span<const std::string> senders,
                                                            std::string_view user_id) {
  if (senders.size() > 8) return Fail(ErrorCode::kInvalidArgument, "at most 8 senders can be looked up at once");
  if (senders.empty()) return std::vector<StoredReputation>();
  TRY(CheckName(user_id, "user id", true));
  Conditions conditions;
  std::string places;
  for (const std::string& sender : senders) {
    TRY(CheckName(sender, "sender"));
    places += (places.empty() ? "" : ", ") + conditions.Bind(sender);
  }
  const std::string user = conditions.Bind(std::string(user_id));
  const bool spelt_otherwise = IsAddress(user_id) && TRY(state_->other_reputation.Exist(state_->pool));
  const std::string spelt =
      spelt_otherwise ? fmt::format(" OR (user_id LIKE '%@%' AND LOWER(user_id) = {})", user) : "";
  const std::string sql = fmt::format(
      "SELECT sender, kind, user_id, score, updated_at FROM reputation WHERE sender IN ({}) AND (user_id IN ('', {}){}) "
      "ORDER BY sender, kind, user_id",
      places, user, spelt);
  return ReadRows(
      state_->pool, sql, conditions, +[](const SqlRow& row) -> StoredReputation {
        return {{row.Text(0), row.Text(1), row.Text(2)}, {row.Real(3), TimeOf(row, 4)}};
      });
}

Result<void> Store::SetReputation(const ReputationKey& key, double score) {
  const std::pair one(key, score);
  return SetReputations(std::span(&one, 1));
}

Result<void> Store::SetReputations(std::span<const std::pair<ReputationKey, double>> scores) {
  for (const auto& [key, score] : scores) {
    TRY(CheckKey(key));
    TRY(CheckFinite(score, "score"));
  }
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    for (const auto& [key, score] : scores) {
      TRY(Upsert(connection, key, Reputation{score, StoreNow()}));
      // What a former version has stored under another spelling of the address is set as well.
      if (!IsAddress(key.user_id) || !TRY(state_->other_reputation.Exist(connection))) continue;
      TRY(connection.Run(
          "DELETE FROM reputation WHERE sender = $1 AND kind = $2 AND user_id <> $3 AND LOWER(user_id) = $3",
          {key.sender, key.kind, key.user_id}));
    }
    return {};
  }));
  return {};
}

Result<Reputation> Store::ChangeReputation(const ReputationChange& asked) {
  TRY(CheckKey(asked.key));
  TRY(CheckName(asked.idempotency_key, "idempotency key"));
  TRY(CheckFinite(asked.delta, "change of the score"));
  ReputationChange change = asked;
  change.at = OrNow(change.at);
  Reputation result;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const TombstoneCheck tombstones = TRY(TombstoneCheck::Begin(connection));
    if (TRY(tombstones.CoversUser(change.key.user_id, change.at))) return {};
    const SqlRows key = TRY(connection.Run(
        "INSERT INTO idempotency_keys (key, digest, created_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
        {change.idempotency_key, std::string("reputation"), TimeText(change.at)}));
    const Reputation before = TRY(Select(connection, change.key)).value_or(Reputation{0, change.at});
    result = before;
    if (key.affected == 0) return {};
    result = {Decayed(before, change) + change.delta, std::max(before.updated_at, change.at)};
    return Upsert(connection, change.key, result);
  }));
  return result;
}

SqlResult<bool> InsertAudit(SqlConnection& connection, const AuditEntry& entry) {
  const SqlRows inserted =
      TRY(connection.Run("INSERT INTO audit_log (event_key, actor, action, subject, details, created_at) "
                         "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event_key) DO NOTHING",
                         {entry.event_key, entry.actor, entry.action, entry.subject, StorableText(entry.details),
                          TimeText(entry.created_at)}));
  return inserted.affected == 1;
}

Result<void> Store::AppendAudit(AuditEntry entry) {
  if (entry.event_key.empty()) entry.event_key = RandomKey();
  TRY(CheckName(entry.event_key, "key of the entry"));
  TRY(CheckName(entry.actor, "actor"));
  TRY(CheckName(entry.action, "action"));
  TRY(CheckName(entry.subject, "subject", true));
  if (entry.details.empty()) entry.details = "{}";
  TRY(ParseJson(entry.details, "details of the audit entry"));
  entry.created_at = OrNow(entry.created_at);
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    TRY(InsertAudit(connection, entry));
    return {};
  }));
  return {};
}

Result<std::vector<StoredAuditEntry>> Store::ListAudit(const AuditFilter& filter) {
  Conditions conditions;
  conditions.AddIf("actor = {}", filter.actor);
  conditions.AddIf("action = {}", filter.action);
  conditions.AddIf("subject = {}", filter.subject);
  conditions.AddIf("created_at >= {}", filter.since);
  conditions.AddIf("created_at < {}", filter.until);
  if (filter.after_id > 0) conditions.Add("id > {}", filter.after_id);
  if (filter.before_id > 0) conditions.Add("id < {}", filter.before_id);
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql = fmt::format(
      "SELECT id, event_key, actor, action, subject, details, created_at FROM audit_log{} ORDER BY id{} LIMIT {}",
      conditions.Where(), filter.newest_first ? " DESC" : "", limit);
  return ReadRows(
      state_->pool, sql, conditions, +[](const SqlRow& row) -> StoredAuditEntry {
        return {row.Integer(0), {row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), TimeOf(row, 6)}};
      });
}

}  // namespace winnow

#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "store/schema.h"
#include "store/store_state.h"

namespace winnow {
namespace {

constexpr std::string_view kFeedbackColumns =
    "id, text, is_spam, label, feedback_type, message_id, user_id, model_version, score, source, created_at";

Conditions ConditionsOf(const FeedbackFilter& filter) {
  Conditions conditions;
  conditions.AddIf("feedback_type = {}", filter.feedback_type);
  conditions.AddIf("message_id = {}", filter.message_id);
  conditions.AddIf("user_id = {}", filter.user_id);
  conditions.AddIf("label = {}", filter.label);
  conditions.AddIf("source = {}", filter.source);
  conditions.AddIf("is_spam = {}", filter.is_spam);
  conditions.AddIf("created_at >= {}", filter.since);
  conditions.AddIf("created_at < {}", filter.until);
  if (filter.after_id > 0) conditions.Add("id > {}", filter.after_id);
  return conditions;
}

StoredFeedback FeedbackOf(const SqlRow& row) {
  StoredFeedback stored;
  stored.id = row.Integer(0);
  stored.event.text = row.Text(1);
  stored.event.is_spam = OptionalBoolean(row, 2);
  stored.event.label = OptionalText(row, 3);
  stored.event.feedback_type = row.Text(4);
  stored.event.message_id = OptionalText(row, 5);
  stored.event.user_id = OptionalText(row, 6);
  stored.event.model_version = OptionalText(row, 7);
  stored.event.score = OptionalReal(row, 8);
  stored.event.source = row.Text(9);
  stored.event.created_at = TimeOf(row, 10);
  return stored;
}

/// Completes the tables. A migration of a large store takes longer than a request may: it has a connection of its own.
Result<void> Migrate(SqlPool& pool, const StoreAddress& address, const SqlLimits& limits) {
  bool complete = false;
  TRY(pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    const SqlResult<int> found = SchemaVersionOf(connection);
    if (!found && (found.error().kind == SqlError::kLost || found.error().kind == SqlError::kBusy))
      return std::unexpected(found.error());  // which is tried again
    complete = found && *found == kSchemaVersion;
    return {};
  }));
  if (complete) return {};
  const SqlLimits patient = {.statement = std::chrono::hours(1), .lock = limits.lock, .connect = limits.connect};
  const std::unique_ptr<SqlConnection> connection = TRY(OpenSqlConnection(address, patient));
  Result<void> migrated = MigrateSchema(*connection, kSchemaVersion, address.path);
  if (!migrated) migrated.error().message = fmt::format("{}: {}", address.name, migrated.error().message);
  return migrated;
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  const StoreAddress address = TRY(ParseStoreUrl(options.url));
  auto state = std::make_unique<State>(address, options);
  TRY(Migrate(state->pool, address, options.limits));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

const std::string& Store::name() const { return state_->pool.address().name; }

Result<void> Store::CheckWritable() {
  // Two transactions, since what is removed in its own need not reach the disk; large, since a small one may find room
  // in the write-ahead log that other writes do not.
  constexpr size_t kBytes = 64 << 10;
  TRY(state_->pool.Transact([](SqlConnection& connection) -> SqlResult<void> {
    TRY(
        connection.Run("INSERT INTO secrets (name, value) VALUES ('write check', $1) ON CONFLICT (name) DO UPDATE SET "
                       "value = excluded.value",
                       {std::string(kBytes, '0')}));
    return {};
  }));
  TRY(state_->pool.Transact([](SqlConnection& connection) -> SqlResult<void> {
    TRY(connection.Run("DELETE FROM secrets WHERE name = 'write check'"));
    return {};
  }));
  return {};
}

void Store::Shut() { state_->pool.Shut(); }

Result<FeedbackStatus> Store::AddFeedback(FeedbackEvent event, std::chrono::milliseconds patience) {
  return state_->group.Add(std::move(event), patience);
}

Result<std::vector<Result<FeedbackStatus>>> Store::AddFeedbackBatch(std::span<const FeedbackEvent> events) {
  return WriteFeedback(state_->pool, events);
}

Result<std::vector<StoredFeedback>> Store::ListFeedback(const FeedbackFilter& filter) {
  Conditions conditions = ConditionsOf(filter);
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql =
      fmt::format("SELECT {} FROM spam_feedback{} ORDER BY id LIMIT {}", kFeedbackColumns, conditions.Where(), limit);
  return ReadRows(state_->pool, sql, conditions, FeedbackOf);
}

Result<std::vector<StoredFeedback>> Store::ListFeedbackAbout(std::span<const std::string> message_ids) {
  // The statement is prepared for a fixed number of ids; the last one fills the rest.
  constexpr size_t kPerStatement = 100;
  std::vector<StoredFeedback> found;
  for (size_t begin = 0; begin < message_ids.size(); begin += kPerStatement) {
    Conditions conditions;
    std::string places;
    for (size_t i = begin; i < begin + kPerStatement; ++i) {
      const std::string& id = message_ids[std::min(i, message_ids.size() - 1)];
      TRY(CheckName(id, "message id"));
      places += (places.empty() ? "" : ", ") + conditions.Bind(id);
    }
    const std::string sql =
        fmt::format("SELECT {} FROM spam_feedback WHERE message_id IN ({})", kFeedbackColumns, places);
    for (StoredFeedback& stored : TRY(ReadRows(state_->pool, sql, conditions, FeedbackOf))) {
      found.push_back(std::move(stored));
    }
  }
  std::ranges::sort(found, {}, &StoredFeedback::id);
  return found;
}

Result<int64_t> Store::CountFeedback(const FeedbackFilter& filter) {
  const Conditions conditions = ConditionsOf(filter);
  int64_t count = 0;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    const SqlRows rows =
        TRY(connection.Run("SELECT COUNT(*) FROM spam_feedback" + conditions.Where(), conditions.values()));
    count = rows.rows.at(0).Integer(0);
    return {};
  }));
  return count;
}

bool IsOutage(const Error& error) { return error.code == ErrorCode::kNetwork || error.code == ErrorCode::kIo; }

std::string RandomKey() {
  std::random_device device;
  std::string key;
  for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", device());
  return key;
}

}  // namespace winnow

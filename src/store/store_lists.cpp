/// Pages of senders and of users' preferences, of which those that changed last come first.
#include <fmt/format.h>

#include "base/ascii.h"
#include "store/store_state.h"

namespace winnow {
namespace {

StoredReputation ReputationRow(const SqlRow& row) {
  return {{row.Text(0), row.Text(1), row.Text(2)}, {row.Real(3), TimeOf(row, 4)}};
}

UserPreferences PreferencesRow(const SqlRow& row) {
  return {row.Text(0), {OptionalText(row, 1), OptionalReal(row, 2)}, TimeOf(row, 3)};
}

}  // namespace

Result<std::vector<StoredReputation>> Store::ListReputation(const ReputationFilter& filter) {
  TRY(CheckName(filter.kind, "kind of reputation"));
  Conditions conditions;
  conditions.Add("kind = {}", filter.kind);
  conditions.Add(filter.positive ? "score > {}" : "score <> {}", 0.0);
  if (filter.contains)
    conditions.Add("LOWER(sender) LIKE {} ESCAPE '!'", LikePattern(LowerAscii(StorableText(*filter.contains))));
  std::string where = conditions.Where();
  if (filter.before) {
    const std::string at = conditions.Bind(TimeText(filter.before->at)), name = conditions.Bind(filter.before->name),
                      user = conditions.Bind(filter.before->user_id);
    where += fmt::format(" AND (updated_at, sender, user_id) < ({}, {}, {})", at, name, user);
  }
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql = fmt::format(
      "SELECT sender, kind, user_id, score, updated_at FROM reputation{} "
      "ORDER BY updated_at DESC, sender DESC, user_id DESC LIMIT {}",
      where, limit);
  return ReadRows(state_->pool, sql, conditions, ReputationRow);
}

Result<std::vector<UserPreferences>> Store::ListPreferences(const PreferencesFilter& filter) {
  Conditions conditions;
  std::string where;
  if (filter.before) {
    const std::string at = conditions.Bind(TimeText(filter.before->at)), name = conditions.Bind(filter.before->name);
    where = fmt::format(" WHERE (updated_at, user_id) < ({}, {})", at, name);
  }
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql = fmt::format(
      "SELECT user_id, mode, threshold, updated_at FROM preferences{} ORDER BY updated_at DESC, user_id DESC LIMIT {}",
      where, limit);
  return ReadRows(state_->pool, sql, conditions, PreferencesRow);
}

}  // namespace winnow

/// Experiments: their state, what their servers count, and what is decided.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "store/store_state.h"
#include "store/tombstones.h"

namespace winnow {
namespace {

constexpr std::string_view kColumns =
    "model, number, revision, active, champion, candidate, plan, state, created_by, created_at";
constexpr size_t kPerTransaction = 1000;

ExperimentRecord ExperimentOf(const SqlRow& row) {
  ExperimentRecord record;
  record.key = {row.Text(0), row.Integer(1)};
  record.revision = row.Integer(2);
  record.active = row.Boolean(3);
  record.champion = row.Text(4);
  record.candidate = row.Text(5);
  record.plan = row.Text(6);
  record.state = row.Text(7);
  record.created_by = row.Text(8);
  record.created_at = TimeOf(row, 9);
  return record;
}

ExperimentReport ReportOf(const SqlRow& row) {
  ExperimentReport report{row.Text(0), row.Text(1), row.Text(2), row.Real(3), TimeOf(row, 4), {}};
  if (!row.IsNull(5)) report.settled_until = TimeOf(row, 5);
  return report;
}

ExperimentDisagreement DisagreementOf(const SqlRow& row) {
  ExperimentDisagreement disagreement;
  disagreement.message_id = row.Text(0);
  disagreement.champion_is_spam = row.Boolean(1);
  disagreement.created_at = TimeOf(row, 2);
  disagreement.is_spam = OptionalBoolean(row, 3);
  if (!row.IsNull(4)) disagreement.counted_in = row.Integer(4);
  disagreement.user_id = OptionalText(row, 5);
  return disagreement;
}

constexpr std::string_view kDisagreementColumns =
    "message_id, champion_is_spam, created_at, is_spam, counted_in, user_id";

std::unexpected<SqlError> ChangedMeanwhile() {
  return std::unexpected(SqlError{SqlError::kBusy, {ErrorCode::kIo, "another process changed the experiment", {}}});
}

std::string NameOf(const ExperimentKey& key) { return fmt::format("{}/{}", key.model, key.number); }

Result<void> CheckExperiment(const ExperimentRecord& experiment) {
  TRY(CheckName(experiment.key.model, "name of the model"));
  TRY(CheckName(experiment.champion, "version"));
  TRY(CheckName(experiment.candidate, "version"));
  TRY(CheckName(experiment.created_by, "name of the user"));
  TRY(ParseJson(experiment.plan, "plan of the experiment"));
  TRY(ParseJson(experiment.state, "state of the experiment"));
  return {};
}

SqlResult<void> InsertDecision(SqlConnection& connection, const ExperimentRecord& experiment, const std::string& action,
                               const std::string& reason, const std::string& actor, const std::string& key) {
  const std::string now = TimeText(StoreNow());
  TRY(connection.Run(
      "INSERT INTO experiment_decisions (model, number, revision, action, reason, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {experiment.key.model, experiment.key.number, experiment.revision, action, StorableText(reason), now}));
  const Json details = {{"experiment", experiment.key.number},
                        {"champion", experiment.champion},
                        {"candidate", experiment.candidate},
                        {"reason", reason}};
  TRY(InsertAudit(connection, {.event_key = key,
                               .actor = actor,
                               .action = "experiment." + action,
                               .subject = experiment.key.model,
                               .details = details.dump(),
                               .created_at = StoreNow()}));
  return {};
}

/// Returns the newest experiment of a model; nothing if there is none.
SqlResult<std::optional<ExperimentRecord>> Newest(SqlConnection& connection, const std::string& model) {
  const std::string sql =
      fmt::format("SELECT {} FROM experiments WHERE model = $1 ORDER BY number DESC LIMIT 1", kColumns);
  const SqlRows rows = TRY(connection.Run(sql, {model}));
  if (rows.rows.empty()) return std::nullopt;
  return ExperimentOf(rows.rows[0]);
}

SqlResult<ExperimentInput> ReadInput(SqlConnection& connection, const ExperimentKey& key, StoreTime until) {
  ExperimentInput input;
  const std::string sql = fmt::format("SELECT {} FROM experiments WHERE model = $1 AND number = $2", kColumns);
  const SqlRows found = TRY(connection.Run(sql, {key.model, key.number}));
  if (found.rows.empty()) {
    return Refused(ErrorCode::kNotFound, fmt::format("there is no experiment {}", NameOf(key)),
                   "'winnow registry ab --status' shows the experiments");
  }
  input.experiment = ExperimentOf(found.rows[0]);
  const SqlRows reports = TRY(connection.Run(
      "SELECT user_id, event_id, arm, share, created_at, settled_until FROM experiment_reports WHERE model = $1 AND "
      "number = $2 AND settled_until IS NULL AND created_at <= $3 ORDER BY created_at, event_id",
      {key.model, key.number, TimeText(until)}));
  for (const SqlRow& row : reports.rows) input.reports.push_back(ReportOf(row));
  const std::string labels = fmt::format(
      "SELECT {} FROM experiment_disagreements WHERE model = $1 AND number = $2 AND counted_in IS NULL AND is_spam IS "
      "NOT NULL ORDER BY created_at, message_id",
      kDisagreementColumns);
  const SqlRows labelled = TRY(connection.Run(labels, {key.model, key.number}));
  for (const SqlRow& row : labelled.rows) input.labels.push_back(DisagreementOf(row));
  return input;
}

/// Marks what was counted, by the rows that were read: what arrived meanwhile waits for the next change.
SqlResult<void> MarkCounted(SqlConnection& connection, const ExperimentInput& input, StoreTime until) {
  const ExperimentKey& key = input.experiment.key;
  for (const ExperimentReport& report : input.reports) {
    TRY(connection.Run(
        "UPDATE experiment_reports SET settled_until = $1 WHERE model = $2 AND number = $3 AND user_id = $4",
        {TimeText(until), key.model, key.number, report.user_id}));
  }
  for (const ExperimentDisagreement& label : input.labels) {
    TRY(connection.Run(
        "UPDATE experiment_disagreements SET counted_in = $1 WHERE model = $2 AND number = $3 AND message_id = $4",
        {input.experiment.revision, key.model, key.number, label.message_id}));
  }
  return {};
}

SqlResult<void> Apply(SqlConnection& connection, ExperimentInput& input, const ExperimentChange& change,
                      StoreTime until) {
  ExperimentRecord& experiment = input.experiment;
  const int64_t before = experiment.revision++;
  experiment.state = change.state;
  experiment.active = change.active;
  const SqlRows updated = TRY(connection.Run(
      "UPDATE experiments SET revision = $1, state = $2, active = $3 WHERE model = $4 AND number = $5 AND revision = $6",
      {experiment.revision, change.state, int64_t{change.active}, experiment.key.model, experiment.key.number,
       before}));
  if (updated.affected != 1) return ChangedMeanwhile();
  TRY(MarkCounted(connection, input, until));
  if (change.action.empty()) return {};
  return InsertDecision(connection, experiment, change.action, change.reason, change.actor,
                        fmt::format("experiment/{}/{}", NameOf(experiment.key), experiment.revision));
}

}  // namespace

Result<ExperimentRecord> Store::AddExperiment(const ExperimentRecord& asked, std::string_view reason) {
  TRY(CheckExperiment(asked));
  ExperimentRecord experiment = asked;
  experiment.created_at = OrNow(asked.created_at);
  const std::string key = RandomKey();
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const std::optional<ExperimentRecord> newest = TRY(Newest(connection, asked.key.model));
    // A connection that was lost during COMMIT may have added it already.
    const SqlRows made = TRY(connection.Run("SELECT 1 FROM audit_log WHERE event_key = $1", {key}));
    if (newest && !made.rows.empty()) {
      experiment = *newest;
      return {};
    }
    if (newest && newest->active) {
      return Refused(
          ErrorCode::kExists,
          fmt::format("the experiment {} with the candidate {} is running", NameOf(newest->key), newest->candidate),
          fmt::format("'winnow registry ab {} --stop' ends it", asked.key.model));
    }
    experiment.key.number = newest ? newest->key.number + 1 : 1;
    experiment.revision = 1;
    experiment.active = true;
    const SqlRows inserted = TRY(connection.Run(
        "INSERT INTO experiments (model, number, revision, active, champion, candidate, plan, state, created_by, "
        "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (model, number) DO NOTHING",
        {experiment.key.model, experiment.key.number, experiment.revision, int64_t{1}, experiment.champion,
         experiment.candidate, experiment.plan, experiment.state, experiment.created_by,
         TimeText(experiment.created_at)}));
    if (inserted.affected != 1) return ChangedMeanwhile();
    return InsertDecision(connection, experiment, "start", std::string(reason), experiment.created_by, key);
  }));
  return experiment;
}

Result<std::vector<ExperimentRecord>> Store::ListExperiments(const ExperimentFilter& filter) {
  Conditions conditions;
  conditions.AddIf("model = {}", filter.model);
  conditions.AddIf("number = {}", filter.number);
  conditions.AddIf("active = {}", filter.active);
  const std::string sql =
      fmt::format("SELECT {} FROM experiments{} ORDER BY model, number", kColumns, conditions.Where());
  return ReadRows(state_->pool, sql, conditions, ExperimentOf);
}

Result<void> Store::AddExperimentUsers(const ExperimentKey& key, std::span<const ExperimentUser> users) {
  for (const ExperimentUser& user : users) TRY(CheckName(user.user_id, "user id"));
  for (size_t begin = 0; begin < users.size(); begin += kPerTransaction) {
    const std::span part = users.subspan(begin, std::min(kPerTransaction, users.size() - begin));
    TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
      const TombstoneCheck tombstones = TRY(TombstoneCheck::Begin(connection));
      for (const ExperimentUser& user : part) {
        if (TRY(tombstones.CoversUser(user.user_id, user.at))) continue;
        TRY(connection.Run(
            "INSERT INTO experiment_users (model, number, user_id, arm, share, created_at) VALUES ($1, $2, $3, $4, $5, "
            "$6) ON CONFLICT (model, number, user_id) DO UPDATE SET moved_at = excluded.created_at WHERE "
            "experiment_users.arm <> excluded.arm AND experiment_users.moved_at IS NULL",
            {key.model, key.number, user.user_id, user.arm, user.share, TimeText(user.at)}));
      }
      return {};
    }));
  }
  return {};
}

Result<std::vector<ExperimentUserCount>> Store::CountExperimentUsers(const ExperimentKey& key) {
  Conditions conditions;
  conditions.Add("model = {}", key.model);
  conditions.Add("number = {}", key.number);
  const std::string sql = fmt::format(
      "SELECT arm, share, COUNT(*), COUNT(moved_at) FROM experiment_users{} GROUP BY arm, share ORDER BY arm, share",
      conditions.Where());
  return ReadRows(
      state_->pool, sql, conditions, +[](const SqlRow& row) -> ExperimentUserCount {
        return {row.Text(0), row.Real(1), row.Integer(2), row.Integer(3)};
      });
}

Result<void> Store::AddExperimentReports(const ExperimentKey& key, std::span<const ExperimentReport> reports) {
  for (const ExperimentReport& report : reports) {
    TRY(CheckName(report.user_id, "user id"));
    TRY(CheckName(report.event_id, "event id"));
    TRY(CheckFinite(report.share, "share"));
  }
  for (size_t begin = 0; begin < reports.size(); begin += kPerTransaction) {
    const std::span part = reports.subspan(begin, std::min(kPerTransaction, reports.size() - begin));
    TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
      const TombstoneCheck tombstones = TRY(TombstoneCheck::Begin(connection));
      for (const ExperimentReport& report : part) {
        if (TRY(tombstones.CoversUser(report.user_id, report.at))) continue;
        TRY(connection.Run(
            "INSERT INTO experiment_reports (model, number, user_id, event_id, arm, share, created_at) VALUES ($1, $2, $3, "
            "$4, $5, $6, $7) ON CONFLICT (model, number, user_id) DO UPDATE SET event_id = excluded.event_id, "
            "arm = excluded.arm, share = excluded.share, created_at = excluded.created_at WHERE "
            "experiment_reports.settled_until IS NULL AND (excluded.created_at < experiment_reports.created_at OR "
            "(excluded.created_at = experiment_reports.created_at AND excluded.event_id < experiment_reports.event_id))",
            {key.model, key.number, report.user_id, report.event_id, report.arm, report.share, TimeText(report.at)}));
      }
      return {};
    }));
  }
  return {};
}

Result<std::vector<ExperimentReport>> Store::ListExperimentReports(const ExperimentKey& key) {
  Conditions conditions;
  conditions.Add("model = {}", key.model);
  conditions.Add("number = {}", key.number);
  const std::string sql = fmt::format(
      "SELECT user_id, event_id, arm, share, created_at, settled_until FROM experiment_reports{} ORDER BY "
      "CASE WHEN settled_until IS NULL THEN 1 ELSE 0 END, settled_until, created_at, event_id",
      conditions.Where());
  return ReadRows(state_->pool, sql, conditions, ReportOf);
}

Result<void> Store::AddDisagreements(const ExperimentKey& key, std::span<const ExperimentDisagreement> disagreements) {
  for (const ExperimentDisagreement& each : disagreements) {
    TRY(CheckName(each.message_id, "message id"));
    TRY(CheckOptionalName(each.user_id, "user id"));
  }
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const TombstoneCheck tombstones = TRY(TombstoneCheck::Begin(connection));
    for (const ExperimentDisagreement& each : disagreements) {
      if (each.user_id && TRY(tombstones.CoversUser(*each.user_id, each.created_at))) continue;
      TRY(connection.Run(
          "INSERT INTO experiment_disagreements (model, number, message_id, champion_is_spam, user_id, created_at) "
          "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (model, number, message_id) DO NOTHING",
          {key.model, key.number, each.message_id, int64_t{each.champion_is_spam}, Nullable(each.user_id),
           TimeText(OrNow(each.created_at))}));
    }
    return {};
  }));
  return {};
}

Result<void> Store::LabelDisagreements(const ExperimentKey& key, std::span<const ExperimentDisagreement> labelled) {
  if (labelled.empty()) return {};
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    for (const ExperimentDisagreement& each : labelled) {
      TRY(
          connection.Run("UPDATE experiment_disagreements SET is_spam = $1 WHERE model = $2 AND number = $3 AND "
                         "message_id = $4 AND is_spam IS NULL",
                         {Nullable(each.is_spam), key.model, key.number, each.message_id}));
    }
    return {};
  }));
  return {};
}

Result<std::vector<ExperimentDisagreement>> Store::ListDisagreements(const ExperimentKey& key) {
  Conditions conditions;
  conditions.Add("model = {}", key.model);
  conditions.Add("number = {}", key.number);
  const std::string sql = fmt::format(
      "SELECT {} FROM experiment_disagreements{} ORDER BY CASE WHEN counted_in IS NULL THEN 1 ELSE 0 END, counted_in, "
      "created_at, message_id",
      kDisagreementColumns, conditions.Where());
  return ReadRows(state_->pool, sql, conditions, DisagreementOf);
}

Result<void> Store::SetExperimentCounters(const ExperimentKey& key, std::span<const ExperimentCounters> counters) {
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    for (const ExperimentCounters& each : counters) {
      TRY(connection.Run(
          "INSERT INTO experiment_counters (model, number, server, arm, counters, updated_at) VALUES ($1, $2, $3, $4, $5, "
          "$6) ON CONFLICT (model, number, server, arm) DO UPDATE SET counters = excluded.counters, "
          "updated_at = excluded.updated_at",
          {key.model, key.number, each.server, each.arm, each.counters, TimeText(StoreNow())}));
    }
    return {};
  }));
  return {};
}

Result<std::vector<ExperimentCounters>> Store::ListExperimentCounters(const ExperimentKey& key) {
  Conditions conditions;
  conditions.Add("model = {}", key.model);
  conditions.Add("number = {}", key.number);
  const std::string sql =
      fmt::format("SELECT server, arm, counters FROM experiment_counters{} ORDER BY server, arm", conditions.Where());
  return ReadRows(
      state_->pool, sql, conditions, +[](const SqlRow& row) -> ExperimentCounters {
        return {row.Text(0), row.Text(1), row.Text(2)};
      });
}

Result<ExperimentRecord> Store::ChangeExperiment(
    const ExperimentKey& key, StoreTime until,
    const std::function<Result<std::optional<ExperimentChange>>(const ExperimentInput&)>& step) {
  ExperimentRecord after;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    ExperimentInput input = TRY(ReadInput(connection, key, until));
    Result<std::optional<ExperimentChange>> change = step(input);
    if (!change) return std::unexpected(SqlError{SqlError::kInvalid, change.error()});
    if (*change) TRY(Apply(connection, input, **change, until));
    after = std::move(input.experiment);
    return {};
  }));
  return after;
}

Result<std::vector<ExperimentDecisionRecord>> Store::ListExperimentDecisions(const ExperimentKey& key) {
  Conditions conditions;
  conditions.Add("model = {}", key.model);
  conditions.Add("number = {}", key.number);
  const std::string sql = fmt::format(
      "SELECT revision, action, reason, created_at FROM experiment_decisions{} ORDER BY revision", conditions.Where());
  return ReadRows(
      state_->pool, sql, conditions, +[](const SqlRow& row) -> ExperimentDecisionRecord {
        return {row.Integer(0), row.Text(1), row.Text(2), TimeOf(row, 3)};
      });
}

}  // namespace winnow

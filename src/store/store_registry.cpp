/// Versions of models and their aliases.
#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "base/json_or_null.h"
#include "base/json_strings.h"
#include "store/store_state.h"

namespace winnow {
namespace {

constexpr std::string_view kNameColumns = "name, version, digest, uri, created_at, bytes, state";
constexpr std::string_view kListColumns =
    "name, version, digest, uri, created_at, bytes, state, metrics, kind, architecture, labels, pushed_by";
constexpr std::string_view kAllColumns =
    "name, version, digest, uri, created_at, bytes, state, metrics, kind, architecture, labels, pushed_by, data_sha256, "
    "parent, command, code_version, files";
constexpr std::string_view kAliasColumns = "name, alias, sequence, version, from_version, actor, reason, created_at";
constexpr std::string_view kReady = "ready", kRemoving = "removing";

std::vector<std::string> StringsInText(const std::string& text) {
  return StringsAmong(ParseJson(text, "labels").value_or(Json::array()));
}

Json FilesJson(const std::vector<ModelFile>& files) {
  Json json = Json::array();
  for (const ModelFile& file : files)
    json.push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  return json;
}

/// The files of a version; none if the list is damaged: a model without one of its files must not be used.
std::vector<ModelFile> FilesOf(const std::string& text) {
  const Json json = ParseJson(text, "files").value_or(Json::array());
  std::vector<ModelFile> files;
  if (!json.is_array()) return files;
  for (const Json& file : json) {
    const Json* const path = file.Find("path");
    const Json* const sha256 = file.Find("sha256");
    const Json* const bytes = file.Find("bytes");
    if (path == nullptr || sha256 == nullptr || bytes == nullptr) return {};
    if (!path->is_string() || !sha256->is_string() || !bytes->is_number_integer()) return {};
    files.push_back({path->str(), sha256->str(), bytes->get<uint64_t>()});
  }
  return files;
}

ModelVersion NamedVersion(const SqlRow& row) {
  ModelVersion version;
  version.name = row.Text(0);
  version.version = row.Text(1);
  version.digest = row.Text(2);
  version.uri = row.Text(3);
  version.created_at = TimeOf(row, 4);
  version.bytes = static_cast<uint64_t>(row.Integer(5));
  version.removing = row.Text(6) != kReady;
  return version;
}

ModelVersion ListedVersion(const SqlRow& row) {
  ModelVersion version = NamedVersion(row);
  version.metrics = row.Text(7);
  version.kind = row.Text(8);
  version.architecture = row.Text(9);
  version.pushed_by = row.Text(11);
  return version;
}

ModelVersion WholeVersion(const SqlRow& row) {
  ModelVersion version = ListedVersion(row);
  version.labels = StringsInText(row.Text(10));
  version.data_sha256 = OptionalText(row, 12);
  version.parent = OptionalText(row, 13);
  version.command = OptionalText(row, 14);
  version.code_version = OptionalText(row, 15);
  version.files = FilesOf(row.Text(16));
  return version;
}

AliasRow AliasOf(const SqlRow& row) {
  return {.name = row.Text(0),
          .alias = row.Text(1),
          .sequence = row.Integer(2),
          .version = OptionalText(row, 3),
          .from_version = OptionalText(row, 4),
          .actor = row.Text(5),
          .reason = row.Text(6),
          .created_at = TimeOf(row, 7)};
}

Result<void> CheckVersion(const ModelVersion& version) {
  TRY(CheckName(version.name, "name of the model"));
  TRY(CheckName(version.version, "version"));
  TRY(CheckName(version.digest, "digest"));
  TRY(CheckName(version.uri, "URI"));
  TRY(CheckName(version.pushed_by, "name of the user"));
  TRY(ParseJson(version.metrics, "metrics of the version"));
  return {};
}

std::string Shown(const std::optional<std::string>& version) { return version.value_or("(none)"); }

AuditEntry AuditOf(std::string key, const std::string& actor, std::string action, std::string subject,
                   const Json& details, StoreTime at) {
  return {.event_key = std::move(key),
          .actor = actor,
          .action = std::move(action),
          .subject = std::move(subject),
          .details = details.dump(),
          .created_at = at};
}

SqlResult<std::optional<AliasRow>> NewestRow(SqlConnection& connection, const std::string& name,
                                             const std::string& alias) {
  const std::string sql = fmt::format(
      "SELECT {} FROM aliases WHERE name = $1 AND alias = $2 ORDER BY sequence DESC LIMIT 1", kAliasColumns);
  const SqlRows rows = TRY(connection.Run(sql, {name, alias}));
  if (rows.rows.empty()) return std::nullopt;
  return AliasOf(rows.rows[0]);
}

SqlResult<bool> IsReady(SqlConnection& connection, const std::string& name, const std::string& version) {
  const SqlRows rows =
      TRY(connection.Run("SELECT state FROM models WHERE name = $1 AND version = $2", {name, version}));
  return !rows.rows.empty() && rows.rows[0].Text(0) == kReady;
}

/// Checks what a change expects of the newest row.
SqlResult<void> CheckExpected(const AliasChange& change, const std::optional<AliasRow>& newest) {
  const int64_t sequence = newest ? newest->sequence : 0;
  if (!change.expected_sequence || *change.expected_sequence == sequence) return {};
  return Refused(ErrorCode::kExists,
                 newest ? fmt::format("{}@{} was changed to {} by {} at {} meanwhile", change.name, change.alias,
                                      Shown(newest->version), newest->actor, TimeText(newest->created_at))
                        : fmt::format("{}@{} does not exist", change.name, change.alias),
                 "nothing was changed; look at the history of the alias, and repeat the command if it still applies");
}

/// The versions that rows of aliases protect; `rows` are in the order of alias and sequence.
std::set<std::string> InUse(const std::vector<AliasRow>& rows, StoreTime since) {
  std::set<std::string> versions;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool newest = i + 1 == rows.size() || rows[i + 1].alias != rows[i].alias;
    const bool before_newest = !newest && (i + 2 == rows.size() || rows[i + 2].alias != rows[i].alias);
    const bool meant = newest || before_newest || rows[i + 1].created_at >= since;
    if (meant && rows[i].version) versions.insert(*rows[i].version);
  }
  return versions;
}

SqlResult<std::set<std::string>> InUse(SqlConnection& connection, const std::string& name, StoreTime since) {
  const std::string sql = fmt::format("SELECT {} FROM aliases WHERE name = $1 ORDER BY alias, sequence", kAliasColumns);
  const SqlRows rows = TRY(connection.Run(sql, {name}));
  std::vector<AliasRow> aliases;
  for (const SqlRow& row : rows.rows) aliases.push_back(AliasOf(row));
  return InUse(aliases, since);
}

/// Returns whether the version is there already, with the same contents.
SqlResult<bool> IsThere(SqlConnection& connection, const ModelVersion& version) {
  const SqlRows rows = TRY(connection.Run("SELECT digest, state FROM models WHERE name = $1 AND version = $2",
                                          {version.name, version.version}));
  if (rows.rows.empty()) return false;
  if (rows.rows[0].Text(1) != kReady) {
    return Refused(ErrorCode::kExists, fmt::format("{} {} is being removed", version.name, version.version),
                   "choose another version with --bump, or let 'winnow registry gc' finish the removal");
  }
  if (rows.rows[0].Text(0) == version.digest) return true;
  return Refused(ErrorCode::kExists,
                 fmt::format("{} {} exists already, with other contents", version.name, version.version),
                 "a version never changes; push the model as the next version with --bump auto");
}

/// A transaction at the same time has inserted the row that this one did not see: this one is repeated, and sees it.
SqlResult<void> RequireInserted(const SqlRows& rows) {
  if (rows.affected == 1) return {};
  return std::unexpected(SqlError{SqlError::kBusy, {ErrorCode::kIo, "another process wrote the same record", {}}});
}

SqlResult<void> InsertVersion(SqlConnection& connection, const ModelVersion& version) {
  return RequireInserted(TRY(connection.Run(
      "INSERT INTO models (name, version, digest, uri, metrics, created_at, state, kind, architecture, labels, bytes, "
      "pushed_by, data_sha256, parent, command, code_version, files) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
      "$11, $12, $13, $14, $15, $16, $17) ON CONFLICT (name, version) DO NOTHING",
      {version.name, version.version, version.digest, version.uri, StorableText(version.metrics),
       TimeText(version.created_at), std::string(kReady), StorableText(version.kind),
       StorableText(version.architecture), StorableText(Json(version.labels).dump()),
       static_cast<int64_t>(version.bytes), version.pushed_by, Nullable(version.data_sha256), Nullable(version.parent),
       Nullable(version.command), Nullable(version.code_version), StorableText(FilesJson(version.files).dump())})));
}

SqlResult<void> InsertAlias(SqlConnection& connection, const AliasRow& row) {
  return RequireInserted(TRY(
      connection.Run("INSERT INTO aliases (name, alias, sequence, version, from_version, actor, reason, created_at) "
                     "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name, alias, sequence) DO NOTHING",
                     {row.name, row.alias, row.sequence, Nullable(row.version), Nullable(row.from_version), row.actor,
                      StorableText(row.reason), TimeText(row.created_at)})));
}

SqlResult<void> AuditAlias(SqlConnection& connection, const std::string& key, const std::string& action,
                           const AliasRow& row) {
  const Json details = {{"alias", row.alias},
                        {"sequence", row.sequence},
                        {"version", OrNull(row.version)},
                        {"from_version", OrNull(row.from_version)},
                        {"reason", row.reason}};
  TRY(InsertAudit(connection, AuditOf(key, row.actor, action, row.name, details, row.created_at)));
  return {};
}

}  // namespace

Result<bool> Store::AddModelVersion(const ModelVersion& version) {
  TRY(CheckVersion(version));
  ModelVersion stored = version;
  stored.created_at = OrNow(version.created_at);
  const std::string key = RandomKey();
  bool added = false;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const bool there = TRY(IsThere(connection, stored));
    if (there) return {};
    TRY(InsertVersion(connection, stored));
    const Json details = {{"version", stored.version}, {"digest", stored.digest}, {"bytes", stored.bytes}};
    TRY(InsertAudit(connection,
                    AuditOf(key, stored.pushed_by, "registry.push", stored.name, details, stored.created_at)));
    added = true;
    return {};
  }));
  return added;
}

Result<std::optional<ModelVersion>> Store::FindModelVersion(std::string_view name, std::string_view version) {
  TRY(CheckName(name, "name of the model"));
  TRY(CheckName(version, "version"));
  const std::string sql =
      fmt::format("SELECT {} FROM models WHERE name = $1 AND version = $2 AND state = $3", kAllColumns);
  std::optional<ModelVersion> found;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    const SqlRows rows = TRY(connection.Run(sql, {std::string(name), std::string(version), std::string(kReady)}));
    if (!rows.rows.empty()) found = WholeVersion(rows.rows[0]);
    return {};
  }));
  return found;
}

Result<std::vector<ModelVersion>> Store::ListModelVersions(const ModelFilter& filter) {
  Conditions conditions;
  conditions.AddIf("name = {}", filter.name);
  conditions.AddIf("digest = {}", filter.digest);
  conditions.Add("state = {}", std::string(filter.removing ? kRemoving : kReady));
  const std::string sql = fmt::format("SELECT {} FROM models{} ORDER BY name, version",
                                      filter.names_only ? kNameColumns : kListColumns, conditions.Where());
  if (filter.names_only) return ReadRows(state_->pool, sql, conditions, NamedVersion);
  std::vector<ModelVersion> found;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    found.clear();
    std::string labels;  // hardly ever change from version to version
    const SqlRows rows = TRY(connection.Run(sql, conditions.values()));
    for (const SqlRow& row : rows.rows) {
      ModelVersion version = ListedVersion(row);
      std::string text = row.Text(10);
      version.labels = !found.empty() && text == labels ? found.back().labels : StringsInText(text);
      labels = std::move(text);
      found.push_back(std::move(version));
    }
    return {};
  }));
  return found;
}

Result<AliasChanged> Store::ChangeAlias(const AliasChange& change) {
  TRY(CheckName(change.name, "name of the model"));
  TRY(CheckName(change.alias, "alias"));
  TRY(CheckOptionalName(change.version, "version"));
  TRY(CheckName(change.actor, "name of the user"));
  const StoreTime at = OrNow(change.at);
  const std::string key = RandomKey();
  AliasChanged result;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const std::optional<AliasRow> newest = TRY(NewestRow(connection, change.name, change.alias));
    // A connection that was lost during COMMIT may have made this change already.
    const SqlRows made = TRY(connection.Run("SELECT 1 FROM audit_log WHERE event_key = $1", {key}));
    const std::optional<std::string> before = newest ? newest->version : std::nullopt;
    if (!made.rows.empty() || before == change.version) {
      result = {newest.value_or(AliasRow{.name = change.name, .alias = change.alias}), !made.rows.empty()};
      return {};
    }
    TRY(CheckExpected(change, newest));
    if (change.version && !TRY(IsReady(connection, change.name, *change.version))) {
      return Refused(ErrorCode::kNotFound, fmt::format("there is no version {} of {}", *change.version, change.name),
                     fmt::format("'winnow registry list {}' shows the versions", change.name));
    }
    result.changed = true;
    result.row = {.name = change.name,
                  .alias = change.alias,
                  .sequence = newest ? newest->sequence + 1 : 1,
                  .version = change.version,
                  .from_version = before,
                  .actor = change.actor,
                  .reason = change.reason,
                  .created_at = newest ? std::max(at, newest->created_at) : at};  // clocks may be set back
    TRY(InsertAlias(connection, result.row));
    return AuditAlias(connection, key, change.action, result.row);
  }));
  return result;
}

Result<std::vector<AliasRow>> Store::ListAliases(std::string_view name, std::optional<StoreTime> at) {
  TRY(CheckName(name, "name of the model", true));
  Conditions conditions;
  const std::string until = at ? fmt::format(" AND b.created_at <= {}", conditions.Bind(TimeText(*at))) : "";
  const std::string of_name = name.empty() ? "" : fmt::format(" AND name = {}", conditions.Bind(std::string(name)));
  const std::string sql = fmt::format(
      "SELECT {} FROM aliases a WHERE sequence = (SELECT MAX(sequence) FROM aliases b WHERE b.name = a.name AND "
      "b.alias = a.alias{}){} ORDER BY name, alias",
      kAliasColumns, until, of_name);
  return ReadRows(state_->pool, sql, conditions, AliasOf);
}

Result<std::vector<AliasRow>> Store::ListAliasHistory(const AliasFilter& filter) {
  TRY(CheckName(filter.name, "name of the model"));
  Conditions conditions;
  conditions.Add("name = {}", filter.name);
  conditions.AddIf("alias = {}", filter.alias);
  conditions.AddIf("created_at <= {}", filter.until);
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql =
      fmt::format("SELECT {} FROM aliases{} ORDER BY created_at DESC, alias, sequence DESC LIMIT {}", kAliasColumns,
                  conditions.Where(), limit);
  return ReadRows(state_->pool, sql, conditions, AliasOf);
}

Result<int64_t> Store::CountAliasChanges() {
  int64_t count = 0;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    count = TRY(connection.Run("SELECT COUNT(*) FROM aliases")).rows.at(0).Integer(0);
    return {};
  }));
  return count;
}

Result<std::vector<std::string>> Store::VersionsInUse(std::string_view name, StoreTime since) {
  TRY(CheckName(name, "name of the model"));
  std::set<std::string> versions;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    versions = TRY(InUse(connection, std::string(name), since));
    return {};
  }));
  return std::vector(versions.begin(), versions.end());
}

Result<bool> Store::BeginRemoval(const ModelRemoval& removal) {
  TRY(CheckName(removal.actor, "name of the user"));
  const std::string key = RandomKey();
  bool begun = false;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    const std::set<std::string> in_use = TRY(InUse(connection, removal.name, removal.in_use_since));
    begun = !in_use.contains(removal.version);
    if (!begun) return {};
    const SqlRows updated = TRY(connection.Run("UPDATE models SET state = $1 WHERE name = $2 AND version = $3",
                                               {std::string(kRemoving), removal.name, removal.version}));
    begun = updated.affected == 1;
    if (!begun) return {};
    TRY(InsertAudit(connection, AuditOf(key, removal.actor, "registry.remove", removal.name,
                                        {{"version", removal.version}}, OrNow(removal.at))));
    return {};
  }));
  return begun;
}

Result<void> Store::RemoveModelVersion(std::string_view name, std::string_view version) {
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    TRY(connection.Run("DELETE FROM models WHERE name = $1 AND version = $2 AND state = $3",
                       {std::string(name), std::string(version), std::string(kRemoving)}));
    return {};
  }));
  return {};
}

}  // namespace winnow

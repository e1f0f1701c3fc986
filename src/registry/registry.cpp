#include "registry/registry.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "base/files.h"
#include "base/suggest.h"
#include "bundle/model_name.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxName = 128;

std::string UserOfProcess() {
  const passwd* const entry = ::getpwuid(::getuid());
  if (entry != nullptr && entry->pw_name != nullptr && *entry->pw_name != '\0') return entry->pw_name;
  return fmt::format("uid {}", ::getuid());
}

bool IsStoreUrl(std::string_view url) {
  for (const std::string_view scheme : {"sqlite:", "postgres:", "postgresql:"}) {
    if (url.starts_with(scheme)) return true;
  }
  return false;
}

std::string Meaning(const std::optional<AliasRow>& row) {
  if (!row) return "it does not exist";
  return row->version ? "it is " + *row->version : "it was removed";
}

/// Checks what the alias means against what the caller expects it to.
Result<void> CheckExpected(const std::string& name, const std::string& alias, const std::optional<AliasRow>& row,
                           const std::optional<std::string>& expect) {
  if (!expect || *expect == (row ? row->version.value_or("") : "")) return {};
  return Fail(ErrorCode::kExists,
              fmt::format("{}@{} is not what was expected: {}{}", name, alias, Meaning(row),
                          row ? fmt::format(", by {} at {}", row->actor, TimeText(row->created_at)) : ""),
              "nothing was changed; 'winnow registry history " + name + "' shows the changes");
}

}  // namespace

Result<void> CheckRegistryName(std::string_view name, std::string_view what) {
  const bool valid =
      !name.empty() && name.size() <= kMaxName && IsAsciiAlphanumeric(name.front()) &&
      std::ranges::all_of(name, [](char c) { return IsAsciiAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (valid) return {};
  return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' cannot be the {}", name, what),
              "use at most 128 letters, digits, '.', '_' and '-', beginning with a letter or digit");
}

Result<RegistryPlaces> PlacesOf(const std::string& url, const std::string& artifacts) {
  if (url.empty())
    return Fail(ErrorCode::kInvalidArgument, "no registry was specified",
                "pass --registry DIR, or --registry URL with --artifacts URL, or set WINNOW_REGISTRY");
  if (IsStoreUrl(url)) {
    if (artifacts.empty())
      return Fail(ErrorCode::kInvalidArgument, "a registry whose records are in a store needs a place for its files",
                  "pass --artifacts DIR or --artifacts s3://BUCKET/PREFIX/");
    return RegistryPlaces{.store = url, .artifacts = artifacts, .directory = {}};
  }
  if (url.find("://") != std::string::npos && !url.starts_with("file://"))
    return Fail(ErrorCode::kInvalidArgument, "a registry is a directory or the URL of a store",
                "files may be elsewhere: pass --registry sqlite:FILE or postgresql://... with --artifacts URL");
  const fs::path directory = url.starts_with("file://") ? url.substr(7) : url;
  // The URL of a SQLite file would have its path decoded.
  return RegistryPlaces{.store = (directory / "registry.db").string(),
                        .artifacts = artifacts.empty() ? (directory / "artifacts").string() : artifacts,
                        .directory = directory};
}

Registry::Registry(RegistryOptions options, std::unique_ptr<Store> store, std::unique_ptr<ArtifactStore> artifacts)
    : options_(std::move(options)), store_(std::move(store)), artifacts_(std::move(artifacts)) {}

Result<std::unique_ptr<Registry>> Registry::Open(const RegistryOptions& given) {
  RegistryOptions options = given;
  if (options.actor.empty()) options.actor = UserOfProcess();
  const RegistryPlaces places = TRY(PlacesOf(options.url, options.artifacts));
  const StoreAddress address = TRY(ParseStoreUrl(places.store));
  if (address.kind == StoreAddress::kSqlite && !options.create && !Exists(address.path)) {
    return Fail(ErrorCode::kNotFound, fmt::format("{}: there is no registry", options.url),
                "check --registry; 'winnow registry push' creates a registry");
  }
  std::unique_ptr<ArtifactStore> artifacts = TRY(ArtifactStore::Open(places.artifacts, options.artifact_options));
  if (options.create && address.kind == StoreAddress::kSqlite && address.path.has_parent_path()) {
    std::error_code error;
    fs::create_directories(address.path.parent_path(), error);
    if (error)
      return Fail(ErrorCode::kIo,
                  fmt::format("{}: cannot create: {}", address.path.parent_path().string(), error.message()),
                  "check the permissions of the directory above, or specify another registry");
  }
  std::unique_ptr<Store> store = TRY(Store::Open({.url = places.store, .limits = options.limits}));
  return std::unique_ptr<Registry>(new Registry(std::move(options), std::move(store), std::move(artifacts)));
}

Error Registry::UnknownModel(const std::string& name) {
  std::vector<std::string> names;
  if (const auto models = List()) {
    for (const ModelSummary& model : *models) names.push_back(model.name);
  }
  return Error{ErrorCode::kNotFound, fmt::format("there is no model '{}' in the registry", name),
               DidYouMean(name, names, "'winnow registry list' shows the models")};
}

Result<std::vector<ModelSummary>> Registry::List() {
  std::map<std::string, ModelSummary> models;
  for (const ModelVersion& version : TRY(store_->ListModelVersions({.names_only = true}))) {
    ModelSummary& model = models[version.name];
    model.name = version.name;
    ++model.versions;
    model.pushed_at = std::max(model.pushed_at, version.created_at);
    if (model.highest.empty() || CompareVersions(version.version, model.highest) > 0) model.highest = version.version;
  }
  for (AliasRow& row : TRY(Aliases(""))) {
    if (const auto model = models.find(row.name); model != models.end())
      model->second.aliases.push_back(std::move(row));
  }
  std::vector<ModelSummary> list;
  for (auto& [name, model] : models) list.push_back(std::move(model));
  return list;
}

Result<std::vector<ModelVersion>> Registry::Versions(const std::string& name) {
  std::vector<ModelVersion> versions = TRY(store_->ListModelVersions({.name = name}));
  if (versions.empty()) return std::unexpected(UnknownModel(name));
  std::vector<ModelVersion*> order;  // rows are large, and there may be thousands
  for (ModelVersion& version : versions) order.push_back(&version);
  std::ranges::sort(
      order, [](const ModelVersion* a, const ModelVersion* b) { return CompareVersions(a->version, b->version) > 0; });
  std::vector<ModelVersion> sorted;
  sorted.reserve(versions.size());
  for (ModelVersion* const version : order) sorted.push_back(std::move(*version));
  return sorted;
}

Result<std::vector<AliasRow>> Registry::Aliases(const std::string& name) {
  std::vector<AliasRow> rows = TRY(store_->ListAliases(name));
  std::erase_if(rows, [](const AliasRow& row) { return !row.version; });
  return rows;
}

Result<ModelVersion> Registry::Show(std::string_view spec) {
  ModelSpec parsed = ParseModelSpec(spec);
  if (parsed.version.empty()) {
    const std::string alias = parsed.alias.empty() ? kChampion : parsed.alias;
    const std::optional<AliasRow> row = TRY(NewestRow(parsed.name, alias));
    if (!row || !row->version) {
      const auto versions = TRY(Versions(parsed.name));
      return Fail(
          ErrorCode::kNotFound, fmt::format("{}@{} does not exist", parsed.name, alias),
          fmt::format("its highest version is {}; 'winnow registry promote {} VERSION --alias {}' sets the alias",
                      versions.front().version, parsed.name, alias));
    }
    parsed.version = *row->version;
  }
  std::optional<ModelVersion> found = TRY(store_->FindModelVersion(parsed.name, parsed.version));
  if (found) return *std::move(found);
  TRY(Versions(parsed.name));
  return Fail(ErrorCode::kNotFound, fmt::format("there is no version {} of {}", parsed.version, parsed.name),
              fmt::format("'winnow registry list {}' shows the versions", parsed.name));
}

Result<std::optional<AliasRow>> Registry::NewestRow(const std::string& name, const std::string& alias) {
  TRY(CheckRegistryName(name, "name of a model"));
  for (AliasRow& row : TRY(store_->ListAliases(name))) {
    if (row.alias == alias) return std::optional(std::move(row));
  }
  return std::nullopt;
}

Result<AliasChanged> Registry::Change(AliasChange change) {
  TRY(CheckRegistryName(change.alias, "name of an alias"));
  if (change.actor.empty()) change.actor = options_.actor;
  change.at = options_.now();
  return store_->ChangeAlias(change);
}

Result<AliasChanged> Registry::Promote(const PromoteRequest& request) {
  const std::optional<AliasRow> row = TRY(NewestRow(request.name, request.alias));
  if (!row || row->version != request.version) TRY(CheckExpected(request.name, request.alias, row, request.expect));
  if (!TRY(store_->FindModelVersion(request.name, request.version))) {
    TRY(Show(request.name + ":" + request.version));  // tells what is wrong
  }
  return Change({.name = request.name,
                 .alias = request.alias,
                 .version = request.version,
                 .expected_sequence = row ? row->sequence : 0,
                 .actor = request.actor,
                 .reason = request.reason,
                 .action = "registry.promote"});
}

Result<AliasChanged> Registry::Rollback(const RollbackRequest& request) {
  const auto& [name, alias, reason, actor] = request;
  const std::optional<AliasRow> row = TRY(NewestRow(name, alias));
  if (!row) TRY(Show(name + "@" + alias));  // tells what is wrong
  if (!row || !row->from_version) {
    return Fail(
        ErrorCode::kNotFound, fmt::format("{}@{} has had no version before: {}", name, alias, Meaning(row)),
        fmt::format("'winnow registry history {}' shows the changes; 'winnow registry promote' sets any version",
                    name));
  }
  return Change({.name = name,
                 .alias = alias,
                 .version = row->from_version,
                 .expected_sequence = row->sequence,
                 .actor = actor,
                 .reason = reason,
                 .action = "registry.rollback"});
}

Result<AliasChanged> Registry::RemoveAlias(const std::string& name, const std::string& alias, const std::string& reason,
                                           const std::optional<std::string>& expect) {
  const std::optional<AliasRow> row = TRY(NewestRow(name, alias));
  if (!row || !row->version) TRY(Show(name + "@" + alias));  // tells what is wrong
  TRY(CheckExpected(name, alias, row, expect));
  return Change({.name = name,
                 .alias = alias,
                 .version = std::nullopt,
                 .expected_sequence = row ? row->sequence : 0,
                 .reason = reason,
                 .action = "registry.remove_alias"});
}

Result<std::vector<AliasRow>> Registry::History(const std::string& name, const std::optional<std::string>& alias,
                                                int limit) {
  std::vector<AliasRow> rows = TRY(store_->ListAliasHistory({.name = name, .alias = alias, .limit = limit}));
  if (rows.empty()) TRY(Versions(name));
  return rows;
}

Result<std::vector<AliasRow>> Registry::At(const std::string& name, const std::optional<std::string>& alias,
                                           StoreTime time) {
  std::vector<AliasRow> rows = TRY(store_->ListAliases(name, time));
  if (alias) std::erase_if(rows, [&](const AliasRow& row) { return row.alias != *alias; });
  if (rows.empty()) TRY(Versions(name));
  std::erase_if(rows, [](const AliasRow& row) { return !row.version; });
  return rows;
}

}  // namespace winnow

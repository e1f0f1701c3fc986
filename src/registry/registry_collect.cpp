/// Removal of versions that nobody uses, and of files that belong to no version.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "bundle/model_version.h"
#include "registry/registry.h"

namespace winnow {
namespace {

/// A push is finished, or has failed, when its first file is that old.
constexpr std::chrono::hours kPushed(24);

/// Returns true for NAME/VERSION/... or NAME/VERSION~KEY/...: a bucket may contain other files, too.
bool IsOfVersion(std::string_view key) {
  const size_t first = key.find('/');
  if (first == std::string_view::npos || !CheckRegistryName(key.substr(0, first), "name")) return false;
  const std::string_view rest = key.substr(first + 1);
  const size_t second = rest.find('/');
  if (second == std::string_view::npos) return false;
  const std::string_view version = rest.substr(0, second);
  return IsSemanticVersion(version.substr(0, version.find('~')));
}

/// Returns the part of a key that a version's URI is: NAME/VERSION/.
std::string UriOf(std::string_view key) { return std::string(key.substr(0, key.find('/', key.find('/') + 1) + 1)); }

/// Has pushes use other keys than those of an URI from now on (KeysFor): another process that collects may go on with
/// these at any time.
Result<void> NoteRemoval(Store& store, const std::string& uri, const std::string& actor, StoreTime now) {
  const size_t slash = uri.find('/');
  const std::string name = uri.substr(0, slash), version = uri.substr(slash + 1, uri.size() - slash - 2);
  if (version.contains('~')) return {};  // is used once
  return store.AppendAudit({.event_key = "registry.remove_files/" + uri,
                            .actor = actor,
                            .action = "registry.remove_files",
                            .subject = name,
                            .details = Json({{"version", version}}).dump(),
                            .created_at = now});
}

}  // namespace

Result<Collected> Registry::Collect(const CollectRequest& request) {
  Collected collected;
  if (request.keep < 0 || request.keep_time < std::chrono::hours(0))
    return Fail(ErrorCode::kInvalidArgument, "what is kept cannot be negative", "specify 0 or more");
  if (!request.dry_run) {  // what a killed process has begun
    for (const ModelVersion& version :
         TRY(store_->ListModelVersions({.name = request.name, .removing = true, .names_only = true})))
      TRY(RemoveFiles(version));
  }
  std::map<std::string, std::vector<ModelVersion>> models;
  for (ModelVersion& version : TRY(store_->ListModelVersions({.name = request.name, .names_only = true})))
    models[version.name].push_back(std::move(version));
  for (auto& [name, versions] : models) {
    std::ranges::stable_sort(versions, {}, &ModelVersion::created_at);
    TRY(CollectVersions(request, versions, collected));
  }
  TRY(CollectOrphans(request, collected));
  return collected;
}

/// `versions` are those of one model, in the order in which they were pushed.
Result<void> Registry::CollectVersions(const CollectRequest& request, const std::vector<ModelVersion>& versions,
                                       Collected& collected) {
  const StoreTime now = options_.now();
  const StoreTime since = now - request.keep_time;
  const auto in_use = TRY(store_->VersionsInUse(versions.front().name, since));
  const size_t old = versions.size() - std::min(versions.size(), static_cast<size_t>(request.keep));
  for (const ModelVersion& version : std::span(versions).first(old)) {
    if (version.created_at >= std::min(since, now - kPushed)) continue;
    if (std::ranges::find(in_use, version.version) != in_use.end()) continue;
    if (!request.dry_run) {
      const ModelRemoval removal{version.name, version.version, since, options_.actor, now};
      if (!TRY(store_->BeginRemoval(removal))) continue;
      TRY(RemoveFiles(version));
    }
    collected.bytes += version.bytes;
    collected.versions.push_back(version);
  }
  return {};
}

/// Removes the files of a version that is out of sight, and then its row.
Result<void> Registry::RemoveFiles(const ModelVersion& version) {
  if (!IsOfVersion(version.uri + "file") || !version.uri.starts_with(version.name + "/" + version.version)) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("the record of {} {} names '{}' as the place of its files", version.name, version.version,
                            version.uri),
                "the record was changed by hand; restore it from a backup of the registry");
  }
  for (const ArtifactEntry& entry : TRY(artifacts_->List(version.uri))) TRY(artifacts_->Remove(entry.key));
  return store_->RemoveModelVersion(version.name, version.version);
}

Result<void> Registry::CollectOrphans(const CollectRequest& request, Collected& collected) {
  const StoreTime now = options_.now();
  // Files first: a version that is pushed meanwhile has its row, or has younger files.
  std::vector<ArtifactEntry> entries = TRY(artifacts_->List(request.name ? *request.name + "/" : ""));
  std::set<std::string> uris;
  for (const bool removing : {false, true}) {
    for (const ModelVersion& version :
         TRY(store_->ListModelVersions({.name = request.name, .removing = removing, .names_only = true})))
      uris.insert(version.uri);
  }
  std::set<std::string> noted;
  for (ArtifactEntry& entry : entries) {
    const std::string uri = UriOf(entry.key);
    if (!IsOfVersion(entry.key) || uris.contains(uri) || now - entry.modified < kPushed) continue;
    if (!request.dry_run) {
      if (noted.insert(uri).second) TRY(NoteRemoval(*store_, uri, options_.actor, now));
      TRY(artifacts_->Remove(entry.key));
    }
    collected.bytes += entry.bytes;
    collected.orphans.push_back(std::move(entry));
  }
  return {};
}

}  // namespace winnow

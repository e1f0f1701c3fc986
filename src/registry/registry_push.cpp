/// Pushing and pulling.
///
/// The files of a version are stored first, and its row last. What a push that was killed has left behind is used again
/// by the next push of the same contents, and is out of the way of other contents: these go to keys of their own, as do
/// those of a version that was removed before. Files without a row are removed when they are a day old
/// (registry_collect.cpp); so a push relies on none that is older than kReusable, and does not take longer than
/// kLongestPush.
#include <fmt/format.h>

#include <algorithm>

#include "artifacts/artifact_key.h"
#include "base/json.h"
#include "bundle/directory.h"
#include "bundle/model_name.h"
#include "bundle/model_version.h"
#include "registry/registry.h"

namespace winnow {
namespace {

constexpr std::chrono::hours kReusable(6), kLongestPush(12);
constexpr int kAttempts = 5;
constexpr size_t kMaxVersion = 128;  // it is part of a key

std::string ShortKey() { return RandomKey().substr(0, 8); }

/// Returns true if the removal of a version, or of files of it without a row, has ever begun.
Result<bool> WasRemoved(Store& store, const std::string& name, const std::string& version) {
  for (const char* action : {"registry.remove", "registry.remove_files"}) {
    AuditFilter filter{.action = action, .subject = name};
    for (;;) {
      const std::vector<StoredAuditEntry> removals = TRY(store.ListAudit(filter));
      if (removals.empty()) break;
      for (const StoredAuditEntry& removal : removals) {
        const Json details = TRY(ParseJson(removal.entry.details, "audit log"));
        if (details.value("version", std::string()) == version) return true;
      }
      filter.after_id = removals.back().id;
    }
  }
  return false;
}

}  // namespace

Result<Pushed> Registry::Push(const PushRequest& request) {
  const StagedBundle bundle = TRY(StagedBundle::Open(request.bundle, request.name));
  if (request.alias) TRY(CheckRegistryName(*request.alias, "name of an alias"));
  auto [version, added] = TRY(PushBundle(request, bundle));
  Pushed pushed{.version = std::move(version), .added = added};
  if (!request.alias) return pushed;
  pushed.alias = TRY(Promote({.name = pushed.version.name,
                              .version = pushed.version.version,
                              .alias = *request.alias,
                              .reason = request.reason}));
  return pushed;
}

Result<std::pair<ModelVersion, bool>> Registry::PushBundle(const PushRequest& request, const StagedBundle& bundle) {
  Bump bump = request.bump;
  if (bump == Bump::kNone && !bundle.states_version()) bump = Bump::kAuto;
  if (bump == Bump::kNone) return PushAs(bundle.version(), request, bundle);
  for (int attempt = 1;; ++attempt) {
    const auto same = TRY(store_->ListModelVersions({.name = bundle.name(), .digest = bundle.digest()}));
    if (!same.empty()) return PushAs(same.back().version, request, bundle);
    ModelVersion like;
    bundle.Describe(like);
    like.version = bundle.version();
    const std::string version = TRY(NextVersion(like, bump));
    auto pushed = PushAs(version, request, bundle);
    // Another push has chosen the same version meanwhile.
    if (pushed || pushed.error().code != ErrorCode::kExists || attempt == kAttempts) return pushed;
  }
}

Result<std::string> Registry::NextVersion(const ModelVersion& model) { return NextVersion(model, Bump::kAuto); }

Result<std::string> Registry::NextVersion(const ModelVersion& like, Bump bump) {
  std::vector<ModelVersion> versions = TRY(store_->ListModelVersions({.name = like.name}));
  std::ranges::move(TRY(store_->ListModelVersions({.name = like.name, .removing = true})),
                    std::back_inserter(versions));
  if (versions.empty()) return like.version;
  const ModelVersion& highest = *std::ranges::max_element(
      versions, [](const ModelVersion& a, const ModelVersion& b) { return CompareVersions(a.version, b.version) < 0; });
  if (bump == Bump::kAuto) {
    const bool same_shape = highest.architecture == like.architecture && highest.labels == like.labels;
    bump = same_shape ? Bump::kMinor : Bump::kMajor;
  }
  if (bump == Bump::kMajor) return NextMajorVersion(highest.version);
  return bump == Bump::kMinor ? NextMinorVersion(highest.version) : NextPatchVersion(highest.version);
}

Result<std::pair<ModelVersion, bool>> Registry::PushAs(const std::string& version, const PushRequest& request,
                                                       const StagedBundle& bundle) {
  if (version.size() > kMaxVersion)
    return Fail(ErrorCode::kInvalidArgument, fmt::format("a version of {} bytes is too long", version.size()),
                "use at most 128 bytes");
  const StoreTime begin = options_.now();
  ModelVersion row;
  bundle.Describe(row);
  row.version = version;
  row.parent = request.parent;
  row.command = request.command;
  row.pushed_by = options_.actor;
  if (std::optional<ModelVersion> found = TRY(store_->FindModelVersion(row.name, version))) {
    if (found->digest == row.digest) return std::pair(*std::move(found), false);
    row.uri = found->uri;
    TRY(store_->AddModelVersion(row));  // refuses, with its reasons
  }
  const std::vector<StagedFile> files = TRY(bundle.FilesAs(version));
  for (const StagedFile& file : files) {
    row.files.push_back(file.file);
    row.bytes += file.file.bytes;
  }
  row.uri = TRY(PutFiles(row.name, version, files));
  row.created_at = options_.now();
  if (row.created_at - begin > kLongestPush) {
    return Fail(ErrorCode::kIo, fmt::format("{} {}: the push took more than 12 hours", row.name, version),
                "nothing was pushed; repeat the command over a faster connection");
  }
  const bool added = TRY(store_->AddModelVersion(row));
  if (added) return std::pair(std::move(row), true);
  return std::pair(TRY(Show(row.name + ":" + version)), false);
}

/// Returns the beginning of the keys for the files of a version that has no row. A version that was removed once, or
/// whose files were, gets keys of its own: a removal that was suspended, of which another process did the rest, may yet
/// go on with the former keys. It is noted before it begins, so that whoever finds no files finds the note.
Result<std::string> Registry::KeysFor(const std::string& name, const std::string& version) {
  const std::string plain = fmt::format("{}/{}/", name, version);
  const std::string own = fmt::format("{}/{}~{}/", name, version, ShortKey());
  for (const ArtifactEntry& entry : TRY(artifacts_->List(plain))) {
    if (options_.now() - entry.modified > kReusable) return own;
  }
  return TRY(WasRemoved(*store_, name, version)) ? own : plain;
}

Result<std::string> Registry::PutFiles(const std::string& name, const std::string& version,
                                       const std::vector<StagedFile>& files) {
  std::string keys = TRY(KeysFor(name, version));
  for (int attempt = 1;; ++attempt) {
    Result<void> stored;
    for (const StagedFile& file : files) {
      stored = artifacts_->Put(keys + file.file.path, file.source, file.file.sha256);
      if (!stored) break;
    }
    if (stored) return keys;
    // What another push has left, or is storing now.
    if (stored.error().code != ErrorCode::kExists || attempt == kAttempts) return std::unexpected(stored.error());
    keys = fmt::format("{}/{}~{}/", name, version, ShortKey());
  }
}

Result<void> Registry::Pull(const ModelVersion& version, const std::filesystem::path& output, bool overwrite) {
  if (version.files.empty()) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format("the record of {} {} in the registry does not list its files", version.name, version.version),
        "restore the registry from a backup, or push the model as a new version");
  }
  BundleWriter writer = TRY(BundleWriter::Begin(output, overwrite));
  for (const ModelFile& file : version.files) {
    TRY(CheckArtifactKey(file.path));  // it becomes a path
    Result<void> got = artifacts_->Get(version.uri + file.path, writer.path() / file.path, file.sha256);
    if (got) continue;
    if (got.error().code == ErrorCode::kNotFound) {
      got.error().message = fmt::format("{} {}: {}", version.name, version.version, got.error().message);
      got.error().hint = "the version was removed meanwhile, or its files were removed by another program";
    }
    return got;
  }
  return writer.Commit();
}

}  // namespace winnow

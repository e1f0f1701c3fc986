/// The registry: versions of models that never change, aliases such as "champion" that say which version is used, and
/// the history of the aliases, which rollbacks and questions about the past are answered from.
///
/// Records are rows of a store (store/registry_records.h), files lie in an artifact store. The row of a version is
/// written when all of its files are stored, and removed from sight before any of them is: a version that can be seen
/// is whole, whenever a process is killed. What an alias means is its newest row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifacts/artifact_store.h"
#include "base/result.h"
#include "registry/staged_bundle.h"
#include "store/store.h"

namespace winnow {

/// The alias of the version that is used where no other one is named.
inline constexpr char kChampion[] = "champion";
/// The alias of the version that is to be compared with it.
inline constexpr char kChallenger[] = "challenger";

struct RegistryOptions {
  /// A directory (records in DIRECTORY/registry.db, files in DIRECTORY/artifacts), or the URL of a store.
  std::string url = {};
  std::string artifacts = {};  ///< URL of the artifact store; required if `url` is that of a store
  std::string actor = {};      ///< who makes changes; empty: the user of the process
  bool create = false;         ///< true: a registry that does not exist is created
  ArtifactOptions artifact_options = {};
  SqlLimits limits = {};
  std::function<StoreTime()> now = StoreNow;
};

/// How a push chooses the version.
enum class Bump {
  kNone,  ///< the version of the bundle
  kAuto,  ///< the next major version if architecture or labels differ from the highest version, else the next minor one
  kMajor,  ///< the next one after the highest version
  kMinor,
  kPatch,
};

struct PushRequest {
  std::filesystem::path bundle = {};
  std::string name = {};                    ///< empty: that of the bundle
  Bump bump = Bump::kNone;                  ///< a directory that states no version is pushed with kAuto
  std::optional<std::string> alias = {};    ///< alias that means the version afterwards
  std::string reason = {};                  ///< reason for the change of the alias
  std::optional<std::string> parent = {};   ///< version that this one was made from
  std::optional<std::string> command = {};  ///< command that made it
};

struct Pushed {
  ModelVersion version = {};
  bool added = false;  ///< false: the same contents were there already
  std::optional<AliasChanged> alias = {};
};

struct PromoteRequest {
  std::string name = {}, version = {};
  std::string alias = kChampion;
  std::string reason = {};
  /// What the alias must mean before the change: a version, or an empty text for an alias that must not exist.
  std::optional<std::string> expect = {};
  std::string actor = {};  ///< empty: that of the registry
};

struct RollbackRequest {
  std::string name = {};
  std::string alias = kChampion;
  std::string reason = {};
  std::string actor = {};  ///< empty: that of the registry
};

struct CollectRequest {
  std::optional<std::string> name = {};  ///< nothing: all models
  int keep = 10;                         ///< the newest versions of each model stay
  std::chrono::hours keep_time =
      std::chrono::hours(24 * 30);  ///< what was pushed, or meant by an alias, since then stays
  bool dry_run = false;
};

/// What Collect removed, or (dry run) would remove.
struct Collected {
  std::vector<ModelVersion> versions = {};
  std::vector<ArtifactEntry> orphans = {};  ///< files that belong to no version
  uint64_t bytes = 0;
};

/// A model of the registry.
struct ModelSummary {
  std::string name = {};
  int64_t versions = 0;
  std::string highest = {};  ///< version
  StoreTime pushed_at = {};  ///< time of the push of the newest version
  std::vector<AliasRow> aliases = {};
};

/// Thread-safe; several processes can use one registry at the same time. Errors of all functions: those of the stores.
class Registry {
 public:
  /// Opens a registry. Errors: kNotFound if it does not exist; kInvalidArgument; those of Store::Open and
  /// ArtifactStore::Open.
  static Result<std::unique_ptr<Registry>> Open(const RegistryOptions& options);

  /// Verifies a bundle and stores it as a version; its files do not change. A push of the same contents again is
  /// success. Errors: kInvalidModel for a bundle that does not match its digests; kExists if the version has other
  /// contents.
  Result<Pushed> Push(const PushRequest& request);

  /// Returns the version that a push with Bump::kAuto would choose for a model of the name, the architecture and the
  /// labels of `model`, if nobody else pushes one before.
  Result<std::string> NextVersion(const ModelVersion& model);

  /// Writes the files of a version, which Show has returned, to a directory that changes from its old contents to the
  /// new ones in one step. Every file is checked. With `overwrite`, other files in `output` are accepted and stay.
  /// Errors: kInvalidData if the artifact store returns other bytes; BundleWriter's.
  Result<void> Pull(const ModelVersion& version, const std::filesystem::path& output, bool overwrite);

  /// Returns the models by name.
  Result<std::vector<ModelSummary>> List();
  /// Returns the versions of a model without files and provenance, the highest first. Errors: kNotFound for an unknown
  /// model.
  Result<std::vector<ModelVersion>> Versions(const std::string& name);
  /// Returns the version that NAME (its champion), NAME@ALIAS or NAME:VERSION means. Errors: kNotFound.
  Result<ModelVersion> Show(std::string_view spec);
  /// Returns what the aliases of a model, or (empty) of all models, mean; removed ones are left out.
  Result<std::vector<AliasRow>> Aliases(const std::string& name);
  /// Returns a number that is another one after every change of an alias.
  Result<int64_t> Changes() { return store_->CountAliasChanges(); }

  /// Makes an alias mean a version. If several processes change it at the same time, one succeeds, and the others are
  /// told who it was. Errors: kNotFound; kExists if the alias is not what was expected.
  Result<AliasChanged> Promote(const PromoteRequest& request);
  /// Makes an alias mean what it meant before its last change. Errors: as Promote's.
  Result<AliasChanged> Rollback(const RollbackRequest& request);
  /// Removes an alias; its history stays. Errors: as Promote's.
  Result<AliasChanged> RemoveAlias(const std::string& name, const std::string& alias, const std::string& reason,
                                   const std::optional<std::string>& expect = {});
  /// Returns the changes of an alias, or (nothing) of all aliases, the newest first. Errors: kNotFound.
  Result<std::vector<AliasRow>> History(const std::string& name, const std::optional<std::string>& alias, int limit);
  /// Returns what the aliases of a model, or one of them, meant at a time.
  Result<std::vector<AliasRow>> At(const std::string& name, const std::optional<std::string>& alias, StoreTime time);

  /// Removes old versions, and files that belong to no version and are older than a day.
  Result<Collected> Collect(const CollectRequest& request);

  Store& store() { return *store_; }
  const ArtifactStore& artifacts() const { return *artifacts_; }
  const std::string& actor() const { return options_.actor; }

 private:
  Registry(RegistryOptions options, std::unique_ptr<Store> store, std::unique_ptr<ArtifactStore> artifacts);
  Result<std::pair<ModelVersion, bool>> PushBundle(const PushRequest& request, const StagedBundle& bundle);
  Result<std::pair<ModelVersion, bool>> PushAs(const std::string& version, const PushRequest& request,
                                               const StagedBundle& bundle);
  Result<std::string> NextVersion(const ModelVersion& like, Bump bump);
  Result<std::string> KeysFor(const std::string& name, const std::string& version);
  Result<std::string> PutFiles(const std::string& name, const std::string& version,
                               const std::vector<StagedFile>& files);
  Result<void> RemoveFiles(const ModelVersion& version);
  Result<void> CollectVersions(const CollectRequest& request, const std::vector<ModelVersion>& versions,
                               Collected& collected);
  Result<void> CollectOrphans(const CollectRequest& request, Collected& collected);
  Result<std::optional<AliasRow>> NewestRow(const std::string& name, const std::string& alias);
  Result<AliasChanged> Change(AliasChange change);
  Error UnknownModel(const std::string& name);

  const RegistryOptions options_;
  const std::unique_ptr<Store> store_;
  const std::unique_ptr<ArtifactStore> artifacts_;
};

/// Checks the name of a model or an alias: 1 to 128 ASCII letters, digits, '.', '_' and '-', of which the first is a
/// letter or digit; so it is a file name, and no ':' or '@' ends it. Errors: kInvalidArgument.
Result<void> CheckRegistryName(std::string_view name, std::string_view what);

/// Returns where a registry's records and files are.
struct RegistryPlaces {
  std::string store, artifacts;     ///< URLs
  std::filesystem::path directory;  ///< directory of the registry; empty if it is in a database
};
Result<RegistryPlaces> PlacesOf(const std::string& url, const std::string& artifacts);

}  // namespace winnow

/// Versions of a registry on the disk of a server, so that it starts while the registry is out of reach.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace winnow {

/// What an alias of a model means.
struct FollowedAlias {
  std::string name = {}, alias = {}, version = {};
  friend auto operator<=>(const FollowedAlias&, const FollowedAlias&) = default;
};

/// A directory with a bundle DIRECTORY/NAME/VERSION for each version, and files of remembered aliases: aliases.json of
/// servers that follow all models, and aliases-KEY.json of those that follow the same named models. Thread-safe;
/// servers of the same registry may share one.
class RegistryCache {
 public:
  /// The aliases are remembered for the URL of the registry and for the names of the models that are followed (none:
  /// all).
  RegistryCache(std::filesystem::path directory, const std::string& registry, std::vector<std::string> names = {});

  /// Returns the directory of a version that the cache holds as a whole; nothing if it does not.
  std::optional<std::filesystem::path> Find(const std::string& name, const std::string& version) const;
  /// Returns the directory of a version, which is pulled unless it is there. Errors: those of Registry::Show and Pull.
  Result<std::filesystem::path> Get(Registry& registry, const std::string& name, const std::string& version) const;

  /// Returns the aliases of the last Remember for the same models, or else those of the same models that are remembered
  /// for all models; nothing if there are none, or those of another registry.
  std::vector<FollowedAlias> Remembered() const;
  /// Stores what the aliases mean. Errors: kIo.
  Result<void> Remember(const std::vector<FollowedAlias>& aliases) const;

  /// Removes versions that were pulled more than a day ago, except those in the directories `keep` and those that
  /// servers of other models remember. Errors are ignored: another server may be writing.
  void Prune(const std::set<std::filesystem::path>& keep) const;

  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path DirectoryOf(const std::string& name, const std::string& version) const;

  std::vector<FollowedAlias> AliasesIn(const std::filesystem::path& file) const;

  std::filesystem::path directory_;
  std::string registry_digest_;
  std::vector<std::string> names_;  // sorted
  std::string aliases_file_;
};

/// Returns the directory for the cache of a registry: below STATE_DIRECTORY (set by systemd), XDG_CACHE_HOME or
/// ~/.cache. Errors: kInvalidArgument if there is none of them.
Result<std::filesystem::path> DefaultRegistryCache(const std::string& registry);

}  // namespace winnow

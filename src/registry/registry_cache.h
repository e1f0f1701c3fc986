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

/// A directory with a bundle DIRECTORY/NAME/VERSION for each version, and aliases.json. Thread-safe; servers of the same
/// registry may share one.
class RegistryCache {
 public:
  /// `registry` is the URL of the registry, which the aliases are remembered for.
  RegistryCache(std::filesystem::path directory, const std::string& registry);

  /// Returns the directory of a version that the cache holds as a whole; nothing if it does not.
  std::optional<std::filesystem::path> Find(const std::string& name, const std::string& version) const;
  /// Returns the directory of a version, which is pulled unless it is there. Errors: those of Registry::Show and Pull.
  Result<std::filesystem::path> Get(Registry& registry, const std::string& name, const std::string& version) const;

  /// Returns the aliases of the last Remember; nothing if there are none, or those of another registry.
  std::vector<FollowedAlias> Remembered() const;
  /// Stores what the aliases mean. Errors: kIo.
  Result<void> Remember(const std::vector<FollowedAlias>& aliases) const;

  /// Removes versions that were pulled more than a day ago, except those in the directories `keep`. Errors are ignored:
  /// another server may be writing.
  void Prune(const std::set<std::filesystem::path>& keep) const;

  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path DirectoryOf(const std::string& name, const std::string& version) const;

  std::filesystem::path directory_;
  std::string registry_digest_;
};

/// Returns the directory for the cache of a registry: below STATE_DIRECTORY (set by systemd), XDG_CACHE_HOME or ~/.cache.
/// Errors: kInvalidArgument if there is none of them.
Result<std::filesystem::path> DefaultRegistryCache(const std::string& registry);

}  // namespace winnow

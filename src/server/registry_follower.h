/// What a server does to follow the aliases of a registry: it looks for changes every second, pulls the versions that
/// aliases mean into its cache, loads them while the old ones serve, and switches. A version that cannot be pulled or
/// loaded is reported, and the last good one goes on serving.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "registry/registry_cache.h"
#include "server/api_error.h"
#include "server/client_tasks.h"
#include "server/metrics.h"
#include "server/model_set.h"

namespace winnow {

struct RegistryFollowerOptions {
  RegistryOptions registry = {};        ///< an empty URL: no registry
  std::vector<std::string> names = {};  ///< the models to serve; none: all that have an alias
  std::filesystem::path cache = {};     ///< empty: DefaultRegistryCache
  std::chrono::milliseconds interval{1000};
};

/// An alias that does not mean what the registry says.
struct FollowFailure {
  FollowedAlias wanted = {};
  std::string error = {};  ///< in one line
  bool loading = false;    ///< true if the version was pulled and cannot be loaded
};

struct FollowerStatus {
  bool reachable = false;
  std::string error = {};  ///< why the registry is out of reach, in one line
  std::vector<FollowFailure> failures = {};
  uint64_t switches = 0;  ///< changes of aliases that the server has followed
};

/// Thread-safe.
class RegistryFollower {
 public:
  /// Finds the versions that the aliases mean, and pulls those that the cache does not have. If the registry is out of
  /// reach, the aliases are those that the cache remembers. If the network keeps it from having any version, it serves
  /// none at first. Other errors: kNotFound if there is no version to serve; those of the registry and its artifacts.
  static Result<std::shared_ptr<RegistryFollower>> Open(const RegistryFollowerOptions& options);
  RegistryFollower(const RegistryFollower&) = delete;
  RegistryFollower& operator=(const RegistryFollower&) = delete;
  ~RegistryFollower() { Stop(); }

  /// Sets the models, their aliases and the default model of a set that is to be opened, and may be empty at first.
  void Prepare(std::vector<std::filesystem::path>& roots, ModelSetOptions& options) const;
  /// Gives aliases whose version could not be loaded their last good version, and follows the registry from now on.
  void Start(std::shared_ptr<ModelSet> models);
  /// Returns when the registry is no longer followed and no request asks it.
  void Stop();

  /// Returns the registry. Blocks as long as its store. Errors: 503 while it is out of reach.
  ApiResult<std::shared_ptr<Registry>> OpenRegistry();
  /// Looks for changes at once.
  void LookNow();
  FollowerStatus status() const;
  /// Threads for requests that ask the registry.
  ClientTasks& calls() { return calls_; }

 private:
  RegistryFollower(RegistryFollowerOptions options, std::filesystem::path cache);
  Result<std::shared_ptr<Registry>> Connect();
  Result<std::vector<FollowedAlias>> Wanted(Registry& registry) const;
  Result<void> Begin();
  void Follow();
  void Look();
  void Adopt(const std::vector<FollowedAlias>& wanted, Registry& registry);
  std::vector<FollowedAlias> Serve(const std::vector<FollowedAlias>& wanted, std::vector<FollowFailure>& failures);
  void Show(const std::vector<FollowedAlias>& aliases, const std::set<std::filesystem::path>& others, bool wait);
  void Report(std::vector<FollowFailure> failures);
  void NoteReachable(bool reachable, const std::string& error);
  std::optional<FollowedAlias> Former(const FollowedAlias& wanted) const;

  const RegistryFollowerOptions options_;
  const RegistryCache cache_;
  std::shared_ptr<ModelSet> models_;   // between Start and Stop
  std::vector<FollowedAlias> served_;  // of the thread below alone, after Start
  std::vector<FollowedAlias> good_;    // likewise: what was served last, also by the process before
  std::set<FollowedAlias> broken_;     // likewise: cannot be loaded, and need not be tried again
  std::optional<int64_t> changes_;     // likewise: the registry's number at the last look
  int waits_ = 0;                      // likewise: looks until a pull that failed is tried again
  int patience_ = 1;                   // likewise
  std::atomic<bool> ending_ = false;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::shared_ptr<Registry> registry_ GUARDED_BY(mutex_);
  FollowerStatus status_ GUARDED_BY(mutex_);
  bool look_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
  ClientTasks calls_{/*threads=*/4, /*most_waiting=*/256};
};

}  // namespace winnow

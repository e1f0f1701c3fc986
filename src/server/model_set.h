/// The models that a server answers with: by name, version and alias; loaded when they are needed, dropped when memory
/// is short, and exchanged for what has come to lie in their directories, without a request that notices.
///
/// Users hold a model for as long as they need it. What the set drops or exchanges lives until its last user lets it
/// go.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/mutex.h"
#include "base/result.h"
#include "server/bundle_summary.h"
#include "server/json_request.h"
#include "server/model_lifetimes.h"
#include "server/model_name.h"
#include "server/served_model.h"
#include "server/task_thread.h"

namespace winnow {

struct ModelSetOptions {
  SchedulerOptions scheduler = {};
  SharedParts shared = {};
  bool lazy = false;              ///< models are loaded when they are first asked for
  uint64_t max_memory_bytes = 0;  ///< of all models together (ModelLifetimes); 0: no limit
  std::vector<ModelAlias> aliases = {};
  /// So long a model that failed is refused without a look at whether its files have changed since.
  std::chrono::milliseconds retry_after{1000};
  /// So long a load waits for the memory of models that requests still use; then it goes over the limit.
  std::chrono::milliseconds memory_patience{10000};
};

/// What has happened so far, for metrics.
struct ModelSetCounts {
  uint64_t loads = 0;  ///< that succeeded, those of a reload too
  uint64_t load_failures = 0;
  uint64_t evictions = 0;  ///< models dropped because of the memory limit
  uint64_t reloads = 0;
  double load_seconds = 0;    ///< of all loads together, failed ones too
  size_t loaded = 0;          ///< models that are loaded now
  uint64_t memory_bytes = 0;  ///< of models now, as `max_memory_bytes` counts
};

/// kFailed: there is an error and no model. A model that answers on after a failed reload is kLoaded, with the error.
enum class ModelState { kUnloaded, kLoading, kLoaded, kFailed };
std::string_view NameOf(ModelState state);

/// Thread-safe. Functions that may have to load return at once; what was passed to them is called once: before they
/// return where nothing had to be loaded, else on the set's own thread.
class ModelSet {
 public:
  using Model = std::shared_ptr<const ServedModel>;
  /// Called with a model or why there is none: 404 of an unknown name, 503 of one that could not be loaded, or was
  /// unloaded.
  using Then = std::function<void(ApiResult<Model>)>;
  using Done = std::function<void(ApiResult<void>)>;

  /// `roots`: bundles, and directories that hold some. The default is the first; of those that lie in a directory the
  /// first that is whole. A model that can't be loaded is an entry with its error; so is the second one of the same
  /// name and version. Errors: those of the models when there is none that can be loaded (with `lazy`, whose manifest
  /// can be read); kInvalidArgument of aliases of nothing.
  static Result<std::unique_ptr<ModelSet>> Open(const std::vector<std::filesystem::path>& roots,
                                                const ModelSetOptions& options);
  ModelSet(const ModelSet&) = delete;
  ModelSet& operator=(const ModelSet&) = delete;
  ~ModelSet() { Close(); }

  /// Refuses those who wait for a load, and waits until nobody holds a model any more: until all that was asked has
  /// been answered. Not for threads that do so, which is why who serves calls it: an answer may be the last to hold the
  /// set.
  void Close();

  /// `spec`: "" for the default, "spam" (its highest version, of those that don't fail), "spam:1.2.0", "spam@champion".
  /// Requests for a model that is being loaded wait for the one load.
  void Use(std::string_view spec, const Then& then);

  /// Makes it the default, once it is loaded: "spam" and "spam@champion" whatever these mean then, "spam:1.2.0" this
  /// one, also when a reload finds another version in its place. Passes it on. Where it can't be had, nothing changes.
  void Switch(std::string_view spec, const Then& then);

  /// Loads a model that was unloaded or failed, or whose files have changed; one of which nothing was known is looked
  /// for. "spam" means all of its versions: the highest is loaded, others when they are asked for.
  void Load(std::string_view spec, const Done& done);
  /// Drops it, all versions of "spam". It answers 503 until Load.
  void Unload(std::string_view spec, const Done& done);

  /// Looks at all directories again: what has changed is loaded beside the old and takes its place, so for a moment
  /// both need memory; a load that fails keeps the old. Bundles that have come are added; those that have gone from a
  /// directory of bundles are dropped. `done` is called on the set's thread.
  void Reload(std::function<void()> done = {});

  struct Entry {
    Model model;  ///< null while it isn't loaded
    bool is_default = false;
    std::string name, version, kind, weights;
    std::vector<std::string> labels, aliases;
    std::string text_template;
    ModelState state = ModelState::kUnloaded;
    std::string error;          ///< of the last load that failed, in one line, without paths; or empty
    uint64_t size_bytes = 0;    ///< of its files
    uint64_t memory_bytes = 0;  ///< that it takes while it is loaded, about
    Json metrics;
    std::string directory;  ///< the last part of its path
    std::optional<std::chrono::system_clock::time_point> last_used;
  };
  std::vector<Entry> List() const;

  ModelSetCounts counts() const;

 private:
  struct Slot;
  using Slots = std::vector<std::shared_ptr<Slot>>;
  struct Loaded;

  ModelSet(std::vector<std::filesystem::path> roots, ModelSetOptions options);

  std::shared_ptr<Slot> Find(std::string_view spec) const REQUIRES(mutex_);
  std::shared_ptr<Slot> FindNamed(std::string_view name) const REQUIRES(mutex_);
  Slots Matching(std::string_view spec) const REQUIRES(mutex_);
  ApiError ErrorOf(const Slot& slot) const REQUIRES(mutex_);
  bool Clashes(const Slot& slot, const BundleSummary& summary) const REQUIRES(mutex_);

  // On the set's thread, and in Open before there is one; without the lock.
  Slots CopyOfSlots() const EXCLUDES(mutex_);
  Result<void> OpenAll();
  void ChooseDefault();
  Result<void> CheckAliases() const;
  std::shared_ptr<Slot> NewSlot(BundlePlace place);
  Result<void> ReadSummary(Slot& slot);
  bool Fits(const Slot& slot) const;
  Result<void> MakeRoom(uint64_t bytes, const Slot& keep);
  Result<Loaded> TryReading(Slot& slot, bool again);
  Result<Loaded> ReadWhole(Slot& slot);
  Result<void> LoadInto(Slot& slot);
  Result<void> Refresh(Slot& slot, bool load);
  bool StillBroken(Slot& slot);
  void Provide(const std::shared_ptr<Slot>& slot);
  void ReloadAll();
  ApiResult<void> LoadNow(const std::string& spec);
  /// Answers those who wait for the slot's model: with the error, or, if there is none, by asking again for them.
  void AnswerWaiting(Slot& slot, const std::optional<ApiError>& error = {});

  const std::vector<std::filesystem::path> roots_;
  const ModelSetOptions options_;
  ModelLifetimes lifetimes_;

  mutable Mutex mutex_;
  Slots slots_ GUARDED_BY(mutex_);                         // in the order of the roots
  std::shared_ptr<Slot> default_slot_ GUARDED_BY(mutex_);  // or, where it is null:
  std::string default_spec_ GUARDED_BY(mutex_);
  uint64_t uses_ GUARDED_BY(mutex_) = 0;
  bool closing_ GUARDED_BY(mutex_) = false;
  /// What to call after the reload that is still to begin, if any.
  std::vector<std::function<void()>> reloading_ GUARDED_BY(mutex_);
  ModelSetCounts counts_ GUARDED_BY(mutex_);

  TaskThread tasks_;  // the last: it uses all of the rest
};

}  // namespace winnow

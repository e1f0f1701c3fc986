/// The models of a server, by name, version and alias. Models are loaded when they are needed, unloaded when memory is
/// short, and replaced when the files in their directories change, without an effect on running requests.
///
/// A user holds a model for as long as it is needed. A model that the set unloads or replaces is destroyed when its
/// last user releases it.
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
#include "bundle/model_name.h"
#include "server/bundle_summary.h"
#include "server/json_request.h"
#include "server/model_lifetimes.h"
#include "server/served_model.h"

namespace winnow {

struct ModelSetOptions {
  SchedulerOptions scheduler = {};
  SharedParts shared = {};
  /// A directory of models in addition to the roots, which may be empty or missing; empty: none. With one, the set may
  /// have no models at first.
  std::filesystem::path optional_root = {};
  bool lazy = false;                     ///< true if models are loaded at their first use
  uint64_t max_memory_bytes = 0;         ///< memory limit of all models together (ModelLifetimes); 0: no limit
  std::vector<ModelAlias> aliases = {};  ///< an empty alias: what the name alone means
  std::string default_spec = {};         ///< default model; empty: the first root
  /// Time after a failed load in which the model is refused without checking whether its files have changed.
  std::chrono::milliseconds retry_after{1000};
  /// Maximum time that a load waits for the memory of models that requests still use; afterwards it exceeds the limit.
  std::chrono::milliseconds memory_patience{10000};
};

/// Counters for metrics.
struct ModelSetCounts {
  uint64_t loads = 0;  ///< number of successful loads, those of reloads included
  uint64_t load_failures = 0;
  uint64_t evictions = 0;  ///< models dropped because of the memory limit
  uint64_t reloads = 0;
  double load_seconds = 0;    ///< total time of all loads, failed ones included
  size_t loaded = 0;          ///< models that are loaded now
  uint64_t memory_bytes = 0;  ///< memory of the models that are loaded now, counted as in `max_memory_bytes`
};

/// The state of a model. kFailed: there is an error and no model. A model that is still in use after a failed reload is
/// kLoaded, and has an error.
enum class ModelState { kUnloaded, kLoading, kLoaded, kFailed };
std::string_view NameOf(ModelState state);

/// A set of models. Thread-safe. Functions that may have to load a model return at once. The function that is passed to
/// them is called once: before they return if nothing had to be loaded, otherwise on the set's own thread.
class ModelSet {
 public:
  using Model = std::shared_ptr<const ServedModel>;
  /// Receives a model or the error: 404 for an unknown name, with the known ones; 503 for a model that could not be
  /// loaded or was unloaded.
  using Then = std::function<void(ApiResult<Model>)>;
  using Done = std::function<void(ApiResult<void>)>;

  /// Opens bundles and directories that contain bundles, `roots`. The default model is the first root; for a directory
  /// it is the first valid model in it. A model that cannot be loaded is an entry with an error, and so is the second
  /// model with a given name and version. Errors: those of the models if none of them can be loaded (with `lazy`, if no
  /// manifest can be read); kInvalidArgument for aliases of models that do not exist.
  static Result<std::unique_ptr<ModelSet>> Open(const std::vector<std::filesystem::path>& roots,
                                                const ModelSetOptions& options);
  ModelSet(const ModelSet&) = delete;
  ModelSet& operator=(const ModelSet&) = delete;
  ~ModelSet() { Close(); }

  /// Refuses requests that wait for a load, and waits until nobody holds a model any more, so that all requests have
  /// been answered. Must not be called by threads that answer requests, since an answer may be the last holder of the
  /// set.
  void Close();

  /// Passes a model to `then`. `spec`: "" for the default, "spam" (the highest version that does not fail),
  /// "spam:1.2.0", "spam@champion". Requests for a model that is being loaded wait for that load.
  void Use(std::string_view spec, const Then& then);

  /// Makes a model the default once it is loaded, and passes it to `then`. "spam" and "spam@champion" stand for the
  /// model that they mean at the time of a request, "spam:1.2.0" for this version even if a reload finds another
  /// version in its place. Nothing changes if the model cannot be loaded.
  void Switch(std::string_view spec, const Then& then);

  /// Loads a model that was unloaded or failed, or whose files have changed; an unknown model is searched for in the
  /// directories. "spam" means all of its versions: the highest one is loaded now, others when they are needed.
  void Load(std::string_view spec, const Done& done);
  /// Unloads a model; "spam" means all of its versions. Requests for it get status 503 until Load.
  void Unload(std::string_view spec, const Done& done);

  /// Examines all directories again. A model whose files have changed is loaded beside the old one and takes its place,
  /// so that memory must briefly hold two models; if the load fails, the old model stays. New bundles are added, and
  /// bundles that are missing from a directory of bundles are dropped. `done` is called on the set's thread.
  void Reload(std::function<void()> done = {});

  /// Sets the bundles and directories that the next Reload examines, and at once what aliases mean. The bundles that
  /// aliases mean must be loaded already.
  void SetSources(std::vector<std::filesystem::path> roots, std::vector<ModelAlias> aliases);

  struct Entry {
    Model model;  ///< loaded model; null while it is not loaded
    bool is_default = false;
    std::string name, version, kind, weights;
    std::vector<std::string> labels, aliases;
    std::string positive_label, text_template;
    ModelState state = ModelState::kUnloaded;
    std::string error;          ///< error of the last failed load, in one line and without paths; empty: none
    uint64_t size_bytes = 0;    ///< size of the model's files
    uint64_t memory_bytes = 0;  ///< approximate memory of the loaded model
    int64_t written = 0;        ///< time at which the newest of its files was written, in seconds since 1970
    Json metrics;
    std::string directory;  ///< last component of the model's path
    std::optional<std::chrono::system_clock::time_point> last_used;
  };
  std::vector<Entry> List() const;
  /// Returns true if a model of this name is served from elsewhere than `models`, a directory of models.
  bool ServesFromOutside(std::string_view name, const std::filesystem::path& models) const;

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
  /// The error of status 404 for a name that no model has.
  ApiError UnknownModel(std::string_view spec) const REQUIRES(mutex_);
  std::optional<Error> ClashOf(const Slot& slot, const BundleSummary& summary) const REQUIRES(mutex_);

  // On the set's thread, and in Open before there is one; without the lock.
  Slots CopyOfSlots() const EXCLUDES(mutex_);
  Result<BundlePlaces> Places() const EXCLUDES(mutex_);
  Result<void> OpenAll();
  void ChooseDefault();
  Result<void> CheckAliases() const;
  std::shared_ptr<Slot> NewSlot(BundlePlace place);
  Result<void> ReadSummary(Slot& slot);
  void NoteFailure(const Error& error) EXCLUDES(mutex_);
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
  /// Answers the requests that wait for the slot's model: with the error or, if there is none, by looking up the model
  /// again.
  void AnswerWaiting(Slot& slot, const std::optional<ApiError>& error = {});

  const ModelSetOptions options_;
  ModelLifetimes lifetimes_;

  mutable Mutex mutex_;
  std::vector<std::filesystem::path> roots_ GUARDED_BY(mutex_);
  std::vector<ModelAlias> aliases_ GUARDED_BY(mutex_);
  Slots slots_ GUARDED_BY(mutex_);                         // in the order of the roots
  std::shared_ptr<Slot> default_slot_ GUARDED_BY(mutex_);  // or, where it is null:
  std::string default_spec_ GUARDED_BY(mutex_);
  uint64_t uses_ GUARDED_BY(mutex_) = 0;
  bool closing_ GUARDED_BY(mutex_) = false;
  /// Functions to call after the next reload, which has not begun yet.
  std::vector<std::function<void()>> reloading_ GUARDED_BY(mutex_);
  ModelSetCounts counts_ GUARDED_BY(mutex_);

  ClientTasks tasks_;  // the last: it uses all of the rest
};

}  // namespace winnow

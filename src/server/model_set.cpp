#include "server/model_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "base/suggest.h"
#include "server/model_slot.h"

namespace winnow {
namespace {

constexpr size_t kMostListedModels = 20;  // in an error

ApiError Unavailable(std::string message) {
  return {.status = 503, .type = "Unavailable", .message = std::move(message)};
}

/// What is called on the set's thread must not end it. A request whose handler throws is answered with 500, as its
/// reply goes with it.
template <class Callback, class... Arguments>
void Call(const Callback& callback, Arguments&&... arguments) {
  try {
    callback(std::forward<Arguments>(arguments)...);
  } catch (const std::exception& exception) {
    LogError("a request failed after its model was loaded: {}", exception.what());
  }
}

}  // namespace

std::string_view NameOf(ModelState state) {
  switch (state) {
    case ModelState::kUnloaded:
      return "unloaded";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kLoaded:
      return "loaded";
    case ModelState::kFailed:
      return "failed";
  }
  return "";
}

std::string PublicMessage(const Error& error, const std::filesystem::path& bundle) {
  // Its message has the path of another model.
  if (error.code == ErrorCode::kExists) return "another model has the same name and version";
  std::string message = error.message.substr(0, error.message.find('\n'));
  const std::string above = bundle.parent_path().string() + "/";
  for (size_t at = 0; above != "/" && (at = message.find(above, at)) != std::string::npos;) {
    message.erase(at, above.size());
  }
  return Printable(message);
}

ModelSet::ModelSet(std::vector<std::filesystem::path> roots, ModelSetOptions options)
    : options_([&] {
        options.shared.weights_changed = [this] { Reload(); };
        return std::move(options);
      }()),
      roots_(std::move(roots)),
      aliases_(options_.aliases) {}

void ModelSet::SetSources(std::vector<std::filesystem::path> roots, std::vector<ModelAlias> aliases) {
  const MutexLock lock(mutex_);
  roots_ = std::move(roots);
  aliases_ = std::move(aliases);
}

void ModelSet::Close() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
  }
  tasks_.Finish();
  Slots dropped;  // outlive the lock
  {
    const MutexLock lock(mutex_);
    default_slot_.reset();
    dropped.swap(slots_);
  }
  dropped.clear();
  lifetimes_.Finish();
}

Result<std::unique_ptr<ModelSet>> ModelSet::Open(const std::vector<std::filesystem::path>& roots,
                                                 const ModelSetOptions& options) {
  std::unique_ptr<ModelSet> set(new ModelSet(roots, options));
  // Its thread is started now: were there none later, requests would wait for their model, and reloads be lost.
  if (!set->tasks_.Post("", [] {})) return Fail(ErrorCode::kIo, "cannot start a thread that loads models");
  TRY(set->OpenAll());
  return set;
}

/// The highest version of those that can answer; else one that can tell why not.
std::shared_ptr<ModelSet::Slot> ModelSet::FindNamed(std::string_view name) const {
  const auto rank = [](const Slot& slot) { return slot.unloaded ? 0 : slot.error && !slot.model ? 1 : 2; };
  std::shared_ptr<Slot> best;
  for (const auto& slot : slots_) {
    if (slot->summary.name != name) continue;
    if (!best || rank(*slot) > rank(*best) ||
        (rank(*slot) == rank(*best) && CompareVersions(slot->summary.version, best->summary.version) > 0)) {
      best = slot;
    }
  }
  return best;
}

std::shared_ptr<ModelSet::Slot> ModelSet::Find(std::string_view spec) const {
  if (spec.empty()) return default_slot_ || default_spec_.empty() ? default_slot_ : Find(default_spec_);
  ModelSpec parsed = ParseModelSpec(spec);
  const auto alias = std::ranges::find_if(
      aliases_, [&](const ModelAlias& each) { return each.alias == parsed.alias && each.name == parsed.name; });
  const bool name_alone = parsed.alias.empty() && parsed.version.empty() && alias != aliases_.end();
  if (!name_alone) {
    if (auto named = FindNamed(spec)) return named;
  }
  if (!parsed.alias.empty() || name_alone) {
    if (alias == aliases_.end()) return nullptr;
    parsed.version = alias->version;
    if (parsed.version.empty()) return FindNamed(parsed.name);
  }
  std::shared_ptr<Slot> found;
  for (const auto& slot : slots_) {
    if (slot->summary.name != parsed.name || slot->summary.version != parsed.version) continue;
    // Of two that say they are the same, one has only an error to tell.
    if (!found || (found->error && !found->model)) found = slot;
  }
  return found;
}

ModelSet::Slots ModelSet::Matching(std::string_view spec) const {
  Slots found;
  std::ranges::copy_if(slots_, std::back_inserter(found), [&](const auto& slot) { return slot->summary.name == spec; });
  if (!found.empty()) return found;
  if (auto slot = Find(spec)) found.push_back(std::move(slot));
  return found;
}

ApiError ModelSet::ErrorOf(const Slot& slot) const {
  if (slot.unloaded)
    return Unavailable("this model was unloaded; load it again with POST /v2/repository/models/NAME/load");
  if (!slot.error) return Unavailable("this model is not loaded");
  return Unavailable("this model could not be loaded: " + PublicMessage(*slot.error, slot.place.dir));
}

// The name itself is not repeated: whoever mixes up fields may have sent a text.
ApiError ModelSet::UnknownModel(std::string_view spec) const {
  std::vector<std::string> models, names;
  for (const auto& slot : slots_) {
    const BundleSummary& summary = slot->summary;
    const std::string model = summary.version.empty() ? summary.name : summary.name + ":" + summary.version;
    if (std::ranges::find(models, model) != models.end()) continue;
    models.push_back(model);
    names.push_back(summary.name);
  }
  for (const ModelAlias& alias : aliases_) {
    if (!alias.alias.empty()) names.push_back(alias.name + "@" + alias.alias);
  }
  std::string message = "no model has this name";
  if (const std::string meant = DidYouMean(spec, names, ""); !meant.empty()) message += "; " + meant;
  message += models.empty()                      ? " (the server has no models yet)"
             : models.size() > kMostListedModels ? fmt::format(" (GET /models lists the {} models)", models.size())
                                                 : fmt::format(" (existing models: {})", fmt::join(models, ", "));
  return {.status = 404, .type = "NotFound", .message = std::move(message)};
}

void ModelSet::Use(std::string_view spec, const Then& then) {
  const auto now = [&]() -> std::optional<ApiResult<Model>> {
    const MutexLock lock(mutex_);
    const std::shared_ptr<Slot> slot = Find(spec);
    if (!slot && slots_.empty() && !options_.default_spec.empty()) {
      return std::unexpected(Unavailable("the server has no model of its registry yet; GET /models reports why"));
    }
    if (!slot && spec.empty()) {
      return std::unexpected(Unavailable(
          slots_.empty() ? "the server has no models yet; POST /v1/jobs trains one, and a model that is put "
                           "into its directory is served after SIGHUP"
                         : "the default model no longer exists; specify a model (GET /models lists them)"));
    }
    if (!slot) return std::unexpected(UnknownModel(spec));
    if (slot->model) {
      slot->used = ++uses_;
      slot->last_used = std::chrono::system_clock::now();
      return slot->model;
    }
    const bool failed_just_now =
        slot->error && std::chrono::steady_clock::now() < slot->failed_at + options_.retry_after;
    if (closing_ || slot->unloaded || failed_just_now) return std::unexpected(ErrorOf(*slot));
    slot->waiting.push_back({std::string(spec), then});
    if (!slot->loading) tasks_.Post("", [this, slot] { Provide(slot); });
    slot->loading = true;
    return std::nullopt;
  }();
  if (now) then(*now);
}

void ModelSet::AnswerWaiting(Slot& slot, const std::optional<ApiError>& error) {
  std::vector<Slot::Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    slot.loading = false;
    waiting = std::exchange(slot.waiting, {});
  }
  for (const auto& [spec, then] : waiting) {
    if (error) {
      Call(then, std::unexpected(*error));
    } else {
      Call([&] { Use(spec, then); });
    }
  }
}

void ModelSet::Switch(std::string_view spec, const Then& then) {
  Use(spec, [this, spec = std::string(spec), then](ApiResult<Model> model) {
    if (model && !spec.empty()) {
      const MutexLock lock(mutex_);
      const bool one_version = !FindNamed(spec) && !ParseModelSpec(spec).version.empty();
      default_slot_ = one_version ? Find(spec) : nullptr;
      default_spec_ = spec;
    }
    if (model) LogInfo("the default model is now {}:{}", (*model)->name(), (*model)->version());
    then(std::move(model));
  });
}

void ModelSet::Load(std::string_view spec, const Done& done) {
  tasks_.Post("", [this, spec = std::string(spec), done] {
    const ApiResult<void> loaded = LoadNow(spec);
    Call(done, loaded);
  });
}

void ModelSet::Unload(std::string_view spec, const Done& done) {
  std::vector<Model> dropped;  // outlives the lock
  ApiResult<void> unloaded;
  {
    const MutexLock lock(mutex_);
    const Slots found = Matching(spec);
    if (found.empty()) unloaded = std::unexpected(UnknownModel(spec));
    for (const auto& slot : found) {
      slot->unloaded = true;
      dropped.push_back(std::move(slot->model));
    }
  }
  done(unloaded);
}

void ModelSet::Reload(std::function<void()> done) {
  const MutexLock lock(mutex_);
  reloading_.push_back(std::move(done));
  if (reloading_.size() > 1) return;  // one that is still to begin serves them all
  tasks_.Post("", [this] {
    std::vector<std::function<void()>> callbacks;
    {
      const MutexLock again(mutex_);
      callbacks = std::exchange(reloading_, {});
      ++counts_.reloads;
    }
    ReloadAll();
    for (const auto& each : callbacks) {
      if (each) Call(each);
    }
  });
}

std::vector<ModelSet::Entry> ModelSet::List() const {
  const MutexLock lock(mutex_);
  std::vector<Entry> entries;
  const std::shared_ptr<Slot> first = Find("");
  for (const auto& slot : slots_) {
    const BundleSummary& summary = slot->summary;
    Entry entry{.model = slot->model,
                .is_default = slot == first,
                .name = summary.name,
                .version = summary.version,
                .kind = summary.kind,
                .weights = slot->model ? slot->model->classifier().weights() : summary.weights,
                .labels = summary.labels,
                .aliases = {},
                .positive_label = summary.positive_label,
                .text_template = summary.text_template,
                .error = slot->error ? PublicMessage(*slot->error, slot->place.dir) : "",
                .size_bytes = summary.size_bytes,
                .memory_bytes = summary.memory_bytes,
                .written = summary.written,
                .metrics = summary.metrics,
                .directory = slot->directory,
                .last_used = slot->last_used};
    entry.state = slot->model     ? ModelState::kLoaded
                  : slot->loading ? ModelState::kLoading
                  : slot->error   ? ModelState::kFailed
                                  : ModelState::kUnloaded;
    for (const ModelAlias& alias : aliases_) {
      if (!alias.alias.empty() && alias.name == summary.name && Find(alias.name + "@" + alias.alias) == slot) {
        entry.aliases.push_back(alias.alias);
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool ModelSet::ServesFromOutside(std::string_view name, const std::filesystem::path& models) const {
  const auto canonical = [](const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::path found = std::filesystem::weakly_canonical(path, error);
    return error ? path : found;
  };
  const std::filesystem::path inside = canonical(models);
  const MutexLock lock(mutex_);
  return std::ranges::any_of(slots_, [&](const auto& slot) {
    return slot->summary.name == name && !slot->vanished && (slot->model || !slot->error) &&
           canonical(slot->place.dir).parent_path() != inside;
  });
}

ModelSetCounts ModelSet::counts() const {
  const MutexLock lock(mutex_);
  ModelSetCounts counts = counts_;
  counts.loaded =
      static_cast<size_t>(std::ranges::count_if(slots_, [](const auto& slot) { return slot->model != nullptr; }));
  counts.memory_bytes = lifetimes_.bytes();
  return counts;
}

}  // namespace winnow

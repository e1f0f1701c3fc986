// What a ModelSet does on its own thread: it alone loads, exchanges and evicts, one model after another.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "base/log.h"
#include "base/stopwatch.h"
#include "bundle/find.h"
#include "bundle/load_check.h"
#include "bundle/manifest.h"
#include "server/model_slot.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string LastPart(const fs::path& dir) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(dir, error);
  return (error ? dir : canonical).filename().string();
}

void NoteSkipped(const BundlePlaces& found) {
  for (const fs::path& dir : found.skipped) {
    LogInfo("skipped {}: it contains no weights that Winnow loads{}", dir.string(),
            IsExport(dir) ? ", but an export to ONNX" : "");
  }
}

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

}  // namespace

/// The error of a model whose name and version another directory has already; nothing if it is the only one. A model
/// that cannot be loaded does not keep another one from being served.
std::optional<Error> ModelSet::ClashOf(const Slot& slot, const BundleSummary& summary) const {
  const auto other = std::ranges::find_if(slots_, [&](const auto& each) {
    return each.get() != &slot && !each->vanished && each->summary.name == summary.name &&
           each->summary.version == summary.version && (!each->error || each->model);
  });
  if (other == slots_.end()) return std::nullopt;
  const fs::path& dir = slot.place.dir;
  return Error{ErrorCode::kExists,
               fmt::format("skipped {}: its name and version ({} {}) are those of {}", dir.string(), summary.name,
                           summary.version, (*other)->place.dir.string()),
               fmt::format("give it a \"version\" of its own in {}", (dir / kManifestFile).string())};
}

/// What can be told without loading, whether that succeeds or not.
Result<void> ModelSet::ReadSummary(Slot& slot) {
  auto files = StampsOf(slot.place.dir);  // first, so that a change while they are read counts as one
  Result<BundleSummary> summary = ReadBundleSummary(slot.place.dir);
  const MutexLock lock(mutex_);
  slot.error = summary ? ClashOf(slot, *summary) : std::optional(summary.error());
  if (summary) slot.summary = *std::move(summary);
  if (!slot.error) return {};
  slot.failed_files = files ? *std::move(files) : std::vector<FileStamp>();
  slot.failed_at = Clock::now();
  return std::unexpected(*slot.error);
}

void ModelSet::NoteFailure(const Error& error) {
  LogWarning("{}", error.Text());
  const MutexLock lock(mutex_);
  ++counts_.load_failures;
}

std::shared_ptr<ModelSet::Slot> ModelSet::NewSlot(BundlePlace place) {
  auto slot = std::make_shared<Slot>(std::move(place));
  slot->directory = LastPart(slot->place.dir);
  slot->summary.name = slot->directory;  // until it says another
  (void)ReadSummary(*slot);              // which keeps its error in the slot
  return slot;
}

ModelSet::Slots ModelSet::CopyOfSlots() const {
  const MutexLock lock(mutex_);
  return slots_;
}

Result<BundlePlaces> ModelSet::Places() const {
  std::vector<fs::path> roots;
  {
    const MutexLock lock(mutex_);
    roots = roots_;
  }
  if (TRY(ContainsBundles(options_.optional_root))) roots.push_back(options_.optional_root);
  return FindBundlePlaces(roots);
}

Result<void> ModelSet::OpenAll() {
  const BundlePlaces found = TRY(Places());
  NoteSkipped(found);
  for (const BundlePlace& place : found.places) {
    std::shared_ptr<Slot> slot = NewSlot(place);
    // The error of the only model is returned below.
    if (slot->error && found.places.size() > 1) NoteFailure(*slot->error);
    const MutexLock lock(mutex_);
    slots_.push_back(std::move(slot));
  }
  const Slots slots = CopyOfSlots();
  const auto load = [this](Slot& slot) {
    if (!slot.error && !options_.lazy && Fits(slot)) (void)LoadInto(slot);
  };
  for (const auto& slot : slots) load(*slot);
  size_t usable = 0;
  for (const auto& slot : slots) {
    // The model of the same name and version may have failed since.
    if (slot->error && slot->error->code == ErrorCode::kExists && ReadSummary(*slot)) load(*slot);
    usable += slot->error ? 0 : 1;
  }
  if (slots.empty() && !options_.optional_root.empty()) return {};
  if (slots.size() == 1 && usable == 0) return std::unexpected(*slots.front()->error);
  if (usable == 0) {
    std::string errors = slots.empty() ? "there are no models" : "none of the models can be loaded";
    for (const auto& slot : slots) errors += "\n  " + slot->error->message;
    return Fail(slots.empty() ? ErrorCode::kNotFound : slots.front()->error->code, errors);
  }
  TRY(CheckAliases());
  ChooseDefault();
  return {};
}

Result<void> ModelSet::CheckAliases() const {
  const MutexLock lock(mutex_);
  for (const ModelAlias& alias : aliases_) {
    const std::string spec = alias.name + "@" + alias.alias;
    if (Find(spec)) continue;
    std::string known;
    for (const auto& slot : slots_) {
      known += fmt::format("{}{}:{}", known.empty() ? "" : ", ", slot->summary.name, slot->summary.version);
    }
    // The one that is meant may be one that can't tell its name.
    const bool broken = std::ranges::any_of(slots_, [](const auto& slot) { return slot->summary.version.empty(); });
    const std::string message = fmt::format("alias {}: there is no model {}{}{}", spec, alias.name,
                                            alias.version.empty() ? "" : ":", alias.version);
    if (!broken) return Fail(ErrorCode::kInvalidArgument, message, "the models are " + known);
    LogWarning("{}", message);
  }
  return {};
}

/// A directory of models follows its versions; a model that was named is meant, whatever becomes of it.
void ModelSet::ChooseDefault() {
  const MutexLock lock(mutex_);
  default_spec_ = options_.default_spec;
  if (!default_spec_.empty()) return;
  for (const auto& slot : slots_) {
    if (!slot->place.named && slot->error) continue;
    if (slot->place.named) default_slot_ = slot;
    default_spec_ = slot->summary.name;
    if (slot->error) LogWarning("requests that name no model are refused, because the default model cannot be loaded");
    return;
  }
}

bool ModelSet::Fits(const Slot& slot) const {
  return options_.max_memory_bytes == 0 || lifetimes_.bytes() + slot.summary.memory_bytes <= options_.max_memory_bytes;
}

/// Drops what was used least lately, but not `keep`'s model, until there is room for so many bytes more or nothing left
/// to drop. What requests still use is waited for.
Result<void> ModelSet::MakeRoom(uint64_t bytes, const Slot& keep) {
  const uint64_t limit = options_.max_memory_bytes;
  if (limit == 0) return {};
  if (bytes > limit) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the model takes about {:.0f} MB of memory, but the limit for all models is {:.0f} MB",
                            Megabytes(bytes), Megabytes(limit)),
                "raise --models-memory-mb");
  }
  std::vector<Model> dropped;
  uint64_t loaded = 0;
  {
    const MutexLock lock(mutex_);
    for (;;) {
      loaded = 0;
      std::shared_ptr<Slot> oldest;
      for (const auto& slot : slots_) {
        if (!slot->model) continue;
        loaded += slot->summary.memory_bytes;
        if (slot.get() != &keep && (!oldest || slot->used < oldest->used)) oldest = slot;
      }
      if (loaded + bytes <= limit || !oldest) break;
      LogDebug("unloaded {} to free memory", oldest->directory);
      dropped.push_back(std::move(oldest->model));
      ++counts_.evictions;
    }
  }
  dropped.clear();
  if (!lifetimes_.WaitUntilAtMost(std::max(limit - bytes, loaded), options_.memory_patience)) {
    LogWarning("memory use exceeds --models-memory-mb until the requests that still use unloaded models are finished");
  }
  return {};
}

/// Loads the model. `again`: true if its files have changed since they were seen. They may then be half of a copy, so
/// their digests must be those of the manifest.
Result<ModelSet::Loaded> ModelSet::TryReading(Slot& slot, bool again) {
  const fs::path& dir = slot.place.dir;
  Loaded loaded;
  loaded.summary = TRY(ReadBundleSummary(dir));
  const bool changed = !slot.summary.files.empty() && loaded.summary.files != slot.summary.files;
  if (DefaultBundleTrust().verify && (again || changed)) TRY(RequireVerified(dir));
  TRY(MakeRoom(loaded.summary.memory_bytes, slot));
  try {
    loaded.model = TRY(ServedModel::Load(dir, options_.scheduler, options_.shared));
  } catch (const std::exception& exception) {  // too little memory
    return Fail(ErrorCode::kInternal, dir.string() + ": cannot load the model: " + exception.what());
  }
  return loaded;
}

/// Loads the model of files that did not change meanwhile.
Result<ModelSet::Loaded> ModelSet::ReadWhole(Slot& slot) {
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto before = TRY(StampsOf(slot.place.dir));
    Result<Loaded> loaded = TryReading(slot, attempt > 0);
    const auto after = TRY(StampsOf(slot.place.dir));
    if (before == after) return loaded;
  }
  return Fail(ErrorCode::kIo, slot.place.dir.string() + ": the files of the model changed while they were read",
              "send SIGHUP to the server again when the files are complete");
}

/// Loads the model into its slot. If that fails, the slot keeps the model that it has.
Result<void> ModelSet::LoadInto(Slot& slot) {
  {
    const MutexLock lock(mutex_);
    slot.loading = true;
  }
  const Clock::time_point begin = Clock::now();
  Result<Loaded> loaded = ReadWhole(slot);
  const double seconds = SecondsSince(begin);
  if (loaded && options_.shared.metrics) options_.shared.metrics->Loaded(seconds);
  std::vector<FileStamp> failed_files;
  if (!loaded) failed_files = StampsOf(slot.place.dir).value_or(std::vector<FileStamp>());
  Model old;  // outlives the lock
  Result<void> result;
  {
    const MutexLock lock(mutex_);
    if (std::optional<Error> clash = loaded ? ClashOf(slot, loaded->summary) : std::nullopt) {
      failed_files = loaded->summary.files;
      loaded = std::unexpected(*std::move(clash));
    }
    counts_.load_seconds += seconds;
    if (loaded) {
      ++counts_.loads;
      slot.summary = std::move(loaded->summary);
      slot.error.reset();
      old = std::move(slot.model);
      if (!slot.unloaded) slot.model = lifetimes_.Add(std::move(loaded->model), slot.summary.memory_bytes);
      slot.used = ++uses_;
    } else {
      ++counts_.load_failures;
      slot.error = loaded.error();
      slot.failed_files = std::move(failed_files);
      slot.failed_at = Clock::now();
      result = std::unexpected(loaded.error());
    }
  }
  if (result) {
    const std::string& note = slot.summary.version_note;
    LogInfo("loaded {}:{} in {:.0f} ms{}", slot.summary.name, slot.summary.version, seconds * 1000,
            note.empty() ? "" : " (" + note + ")");
  } else {
    LogWarning("{}", slot.error->Text());
  }
  AnswerWaiting(slot);
  return result;
}

/// Returns true if trying again is in vain.
bool ModelSet::StillBroken(Slot& slot) {
  if (!slot.error) return false;
  const auto files = StampsOf(slot.place.dir);
  const MutexLock lock(mutex_);
  if (files.value_or(std::vector<FileStamp>()) != slot.failed_files) return false;
  slot.failed_at = Clock::now();
  return true;
}

void ModelSet::Provide(const std::shared_ptr<Slot>& slot) {
  const bool still_broken = StillBroken(*slot);
  std::optional<ApiError> error;
  bool needed = false;
  {
    const MutexLock lock(mutex_);
    needed = !slot->model && !slot->vanished && !slot->unloaded && !closing_;
    if (needed && still_broken) error = ErrorOf(*slot);
  }
  if (!needed || error) return AnswerWaiting(*slot, error);
  (void)LoadInto(*slot);
}

/// Loads the model again if its files have changed. `load`: true to load it also if it is not loaded.
Result<void> ModelSet::Refresh(Slot& slot, bool load) {
  const auto files = StampsOf(slot.place.dir);
  const bool same = files && *files == slot.summary.files;
  {
    const MutexLock lock(mutex_);
    if (slot.model && same) {
      slot.error.reset();  // of files that were replaced by the old ones
      return {};
    }
    load = load || slot.model;
  }
  if (load) return LoadInto(slot);
  if (same && !slot.error) return {};
  const Result<void> read = ReadSummary(slot);
  if (!read) NoteFailure(read.error());
  return read;
}

void ModelSet::ReloadAll() {
  const auto found = Places();
  if (!found) return LogWarning("models were not reloaded: {}", found.error().Text());
  const std::vector<BundlePlace>& places = found->places;
  NoteSkipped(*found);
  std::map<fs::path, std::shared_ptr<Slot>> known;
  {
    const MutexLock lock(mutex_);
    for (const auto& slot : slots_) {
      known[slot->place.dir] = slot;
      slot->vanished =
          std::ranges::none_of(places, [&](const BundlePlace& place) { return place.dir == slot->place.dir; });
    }
  }
  Slots now;
  for (const BundlePlace& place : places) {
    std::shared_ptr<Slot>& slot = known[place.dir];
    if (slot) {
      bool load = false;
      {
        const MutexLock lock(mutex_);
        if (closing_) return;
        load = !options_.lazy && !slot->unloaded;
      }
      (void)Refresh(*slot, load && Fits(*slot));
    } else {
      slot = NewSlot(place);
      if (slot->error) NoteFailure(*slot->error);
      // Before anybody can ask for it: the version before it answers until then.
      if (!options_.lazy && !slot->error && Fits(*slot)) (void)LoadInto(*slot);
      const MutexLock lock(mutex_);
      slots_.push_back(slot);
    }
    now.push_back(slot);
  }
  {
    const MutexLock lock(mutex_);
    slots_.swap(now);
    // Other versions of its name may still be there.
    if (default_slot_ && default_slot_->vanished) {
      default_spec_ = default_slot_->summary.name;
      default_slot_.reset();
    }
    if (default_slot_ || !default_spec_.empty()) return;
  }
  ChooseDefault();  // the set had no models
}

ApiResult<void> ModelSet::LoadNow(const std::string& spec) {
  const auto find = [&] {
    const MutexLock lock(mutex_);
    for (const auto& slot : Matching(spec)) slot->unloaded = false;
    return Find(spec);
  };
  std::shared_ptr<Slot> slot = find();
  if (!slot) {
    // One that has come since the last look.
    const Slots known = CopyOfSlots();
    const BundlePlaces found = Places().value_or(BundlePlaces());
    for (const BundlePlace& place : found.places) {
      if (std::ranges::any_of(known, [&](const auto& each) { return each->place.dir == place.dir; })) continue;
      auto added = NewSlot(place);
      if (added->error) NoteFailure(*added->error);
      const MutexLock lock(mutex_);
      slots_.push_back(std::move(added));
    }
    slot = find();
  }
  if (slot && Refresh(*slot, /*load=*/true)) return {};
  const MutexLock lock(mutex_);
  if (!slot) return std::unexpected(UnknownModel(spec));
  return std::unexpected(ErrorOf(*slot));
}

}  // namespace winnow

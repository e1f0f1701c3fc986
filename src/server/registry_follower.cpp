#include "server/registry_follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "base/background_step.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "server/ask_store.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLooks = 60;                 // between two attempts to pull
constexpr char kAwaitedModel[] = "@champion";  // no model has this name

bool IsSameAlias(const FollowedAlias& a, const FollowedAlias& b) { return a.name == b.name && a.alias == b.alias; }

const FollowedAlias* Find(const std::vector<FollowedAlias>& aliases, const FollowedAlias& like) {
  const auto found = std::ranges::find_if(aliases, [&](const FollowedAlias& each) { return IsSameAlias(each, like); });
  return found == aliases.end() ? nullptr : &*found;
}

/// The champion is also what the name alone means.
std::vector<ModelAlias> ModelAliases(const std::vector<FollowedAlias>& aliases) {
  std::vector<ModelAlias> models;
  for (const FollowedAlias& each : aliases) {
    models.push_back({each.alias, each.name, each.version});
    if (each.alias == kChampion) models.push_back({"", each.name, each.version});
  }
  return models;
}

/// Returns true if the error is one of the network, which passes, and not one that somebody has to mend.
bool IsUnreachable(const Result<void>& result) { return !result && result.error().code == ErrorCode::kNetwork; }

/// Returns the model that is the default: the first one of `names` that is served or, if all are, any.
std::string DefaultName(const std::vector<std::string>& names, const std::vector<FollowedAlias>& served) {
  for (const std::string& name : names) {
    if (std::ranges::find(served, name, &FollowedAlias::name) != served.end()) return name;
  }
  return served.empty() ? "" : served.front().name;
}

/// Returns why a version cannot be used; nothing if it can. A model that is loaded at its first use is one that can.
std::optional<std::string> LoadError(const std::vector<ModelSet::Entry>& entries, const FollowedAlias& wanted) {
  std::string error = "the model in the cache has another name or version";
  for (const ModelSet::Entry& entry : entries) {
    if (entry.name != wanted.name || entry.version != wanted.version) continue;
    if (entry.state != ModelState::kFailed) return std::nullopt;
    error = entry.error;
  }
  return error;
}

}  // namespace

RegistryFollower::RegistryFollower(RegistryFollowerOptions options, fs::path cache)
    : options_([&] {
        options.registry.artifact_options.progress = [this](std::string_view, uint64_t, uint64_t) {
          return !ending_ && !Interrupted();  // also before the server runs
        };
        return std::move(options);
      }()),
      cache_(std::move(cache), options_.registry.url, options_.names) {}

Result<std::shared_ptr<RegistryFollower>> RegistryFollower::Open(const RegistryFollowerOptions& options) {
  fs::path cache = options.cache.empty() ? TRY(DefaultRegistryCache(options.registry.url)) : options.cache;
  std::error_code error;
  fs::create_directories(cache, error);
  cache = fs::weakly_canonical(cache, error);
  std::shared_ptr<RegistryFollower> follower(new RegistryFollower(options, std::move(cache)));
  TRY(follower->Begin());
  return follower;
}

Result<std::shared_ptr<Registry>> RegistryFollower::Connect() {
  {
    const MutexLock lock(mutex_);
    if (registry_) return registry_;
  }
  std::shared_ptr<Registry> opened = TRY(Registry::Open(options_.registry));
  const MutexLock lock(mutex_);
  if (!registry_) registry_ = std::move(opened);
  return registry_;
}

Result<std::vector<FollowedAlias>> RegistryFollower::Wanted(Registry& registry) const {
  std::vector<FollowedAlias> wanted;
  for (const AliasRow& row : TRY(registry.Aliases(""))) {
    const bool named = options_.names.empty() || std::ranges::find(options_.names, row.name) != options_.names.end();
    if (named && row.version) wanted.push_back({row.name, row.alias, *row.version});
  }
  return wanted;
}

std::optional<FollowedAlias> RegistryFollower::Former(const FollowedAlias& wanted) const {
  const FollowedAlias* const former = ::winnow::Find(good_, wanted);
  if (former == nullptr || !cache_.Find(former->name, former->version)) return std::nullopt;
  return *former;
}

Result<void> RegistryFollower::Begin() {
  good_ = cache_.Remembered();
  std::vector<FollowedAlias> wanted;
  const Result<std::shared_ptr<Registry>> registry = Connect();
  Result<void> reached = registry ? Result<void>() : std::unexpected(registry.error());
  if (registry) {
    const Result<int64_t> changes = (*registry)->Changes();
    Result<std::vector<FollowedAlias>> read = Wanted(**registry);
    if (changes && read) {
      changes_ = *changes;
      wanted = *std::move(read);
    } else {
      reached = std::unexpected(changes ? read.error() : changes.error());
    }
  }
  NoteReachable(reached.has_value(), reached ? "" : reached.error().Text());
  if (!reached) wanted = good_;
  std::vector<FollowFailure> failures;
  Result<void> pulled;
  for (const FollowedAlias& each : wanted) {
    const auto directory = reached ? cache_.Get(**registry, each.name, each.version) : Result<fs::path>();
    if (!directory) failures.push_back({each, directory.error().Text(), false});
    if (!directory && !IsUnreachable(pulled)) pulled = std::unexpected(directory.error());
    const std::optional<FollowedAlias> usable = directory ? each : Former(each);
    if (usable && cache_.Find(usable->name, usable->version)) served_.push_back(*usable);
  }
  for (const std::string& name : options_.names) {
    if (!reached || std::ranges::find(wanted, name, &FollowedAlias::name) != wanted.end()) continue;
    LogWarning("no alias of the model '{}' means a version; it is served as soon as one does", name);
  }
  if (!failures.empty()) waits_ = 1;
  Report(failures);
  if (!served_.empty()) {
    if (!reached)
      LogWarning("serving the versions in {} until the registry can be reached", cache_.directory().string());
    return {};
  }
  if (!pulled && pulled.error().code == ErrorCode::kCancelled) return pulled;
  // What is started together with the registry, or while that is away, is not to be started by hand later.
  if (IsUnreachable(reached) || IsUnreachable(pulled)) {
    LogWarning("there is no version to serve: /ready and predictions have status 503 until one can be pulled");
    return {};
  }
  if (!reached) return reached;
  if (!pulled) return Fail(ErrorCode::kIo, "no version could be pulled: " + pulled.error().Text());
  return Fail(ErrorCode::kNotFound, "no alias in the registry means a version that could be served",
              "set one with 'winnow registry promote NAME VERSION'");
}

void RegistryFollower::Prepare(std::vector<fs::path>& roots, ModelSetOptions& options) const {
  std::vector<FollowedAlias> all = served_;
  for (const FollowedAlias& each : served_) {
    if (const auto former = Former(each)) all.push_back(*former);
  }
  for (const FollowedAlias& each : all) {
    const auto directory = cache_.Find(each.name, each.version);
    if (directory && std::ranges::find(roots, *directory) == roots.end()) roots.push_back(*directory);
  }
  options.aliases = ModelAliases(served_);
  options.default_spec = DefaultName(options_.names, served_);
  if (!served_.empty()) return;
  // The set may have no models until one can be pulled, and a model of a workspace does not become the default instead.
  if (options.optional_root.empty()) options.optional_root = cache_.directory() / "none";
  options.default_spec = options_.names.empty() ? kAwaitedModel : options_.names.front();
}

void RegistryFollower::Start(std::shared_ptr<ModelSet> models) {
  models_ = std::move(models);
  std::vector<FollowFailure> failures;
  {
    const MutexLock lock(mutex_);
    failures = status_.failures;
  }
  const std::vector<ModelSet::Entry> entries = models_->List();
  std::set<fs::path> others;
  for (FollowedAlias& each : served_) {
    const std::optional<std::string> error = LoadError(entries, each);
    if (!error) continue;
    failures.push_back({each, *error, true});
    broken_.insert(each);
    if (const auto directory = cache_.Find(each.name, each.version)) others.insert(*directory);
    const std::optional<FollowedAlias> former = Former(each);
    if (former && !LoadError(entries, *former)) each = *former;
  }
  if (!served_.empty()) {
    Show(served_, others, false);
    good_ = served_;
    if (const auto remembered = cache_.Remember(good_); !remembered) LogWarning("{}", remembered.error().Text());
  }
  Report(std::move(failures));
  thread_ = std::thread([this] { Follow(); });
}

void RegistryFollower::Stop() {
  ending_ = true;
  {
    const MutexLock lock(mutex_);
    if (registry_) registry_->store().Shut();
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  calls_.Finish();
  models_.reset();
}

ApiResult<std::shared_ptr<Registry>> RegistryFollower::OpenRegistry() {
  Result<std::shared_ptr<Registry>> registry = Connect();
  if (registry) return *std::move(registry);
  return std::unexpected(OutOfReach("the registry is out of reach"));
}

void RegistryFollower::LookNow() {
  const MutexLock lock(mutex_);
  look_ = true;
  changed_.NotifyAll();
}

FollowerStatus RegistryFollower::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

void RegistryFollower::Follow() {
  while (!ending_) {
    {
      const MutexLock lock(mutex_);
      const auto until = std::chrono::steady_clock::now() + options_.interval;
      while (!look_ && !ending_ && std::chrono::steady_clock::now() < until) changed_.WaitUntil(mutex_, until);
      look_ = false;
    }
    if (!ending_) RunBackgroundStep("registry", [this] { Look(); });
  }
}

void RegistryFollower::Look() {
  const Result<std::shared_ptr<Registry>> registry = Connect();
  if (!registry) return NoteReachable(false, registry.error().Text());
  const Result<int64_t> changes = (*registry)->Changes();
  if (!changes) return NoteReachable(false, changes.error().Text());
  NoteReachable(true, "");
  const bool again = waits_ > 0 && --waits_ == 0;
  if (changes_ == *changes && !again) return;
  const Result<std::vector<FollowedAlias>> wanted = Wanted(**registry);
  if (!wanted) return NoteReachable(false, wanted.error().Text());
  changes_ = *changes;
  Adopt(*wanted, **registry);
}

/// Serves what the aliases mean, as far as that is possible.
void RegistryFollower::Adopt(const std::vector<FollowedAlias>& wanted, Registry& registry) {
  std::vector<FollowFailure> failures;
  std::vector<FollowedAlias> next;
  for (const FollowedAlias& each : wanted) {
    const FollowedAlias* const now = ::winnow::Find(served_, each);
    if (broken_.contains(each) || (now != nullptr && *now == each)) {
      next.push_back(each);
      continue;
    }
    const Result<fs::path> pulled = cache_.Get(registry, each.name, each.version);
    if (ending_) return;
    if (pulled) {
      next.push_back(each);
    } else {
      failures.push_back({each, pulled.error().Text(), false});
      if (now != nullptr) next.push_back(*now);
    }
  }
  patience_ = failures.empty() ? 1 : std::min(2 * patience_, kMostLooks);
  waits_ = failures.empty() ? 0 : patience_;
  const std::vector<FollowedAlias> served = Serve(next, failures);
  uint64_t switches = 0;
  for (const FollowedAlias& each : served) {
    const FollowedAlias* const before = ::winnow::Find(served_, each);
    if (before != nullptr && *before == each) continue;
    LogInfo("{}@{} is now {}{}", each.name, each.alias, each.version, before ? " instead of " + before->version : "");
    ++switches;
  }
  const bool awaited = served_.empty() && !served.empty();
  served_ = good_ = served;
  if (awaited) models_->Switch(DefaultName(options_.names, served_), [](const ApiResult<ModelSet::Model>&) {});
  if (const auto remembered = cache_.Remember(good_); !remembered) LogWarning("{}", remembered.error().Text());
  {
    const MutexLock lock(mutex_);
    status_.switches += switches;
  }
  Report(std::move(failures));
}

/// Loads the versions beside those that serve, and switches to those that could be loaded. Returns what is served.
std::vector<FollowedAlias> RegistryFollower::Serve(const std::vector<FollowedAlias>& wanted,
                                                   std::vector<FollowFailure>& failures) {
  std::set<fs::path> loaded, unusable;
  for (const FollowedAlias& each : wanted) {
    if (const auto directory = cache_.Find(each.name, each.version)) loaded.insert(*directory);
  }
  Show(served_, loaded, true);
  const std::vector<ModelSet::Entry> entries = models_->List();
  std::vector<FollowedAlias> served;
  std::set<fs::path> kept;
  for (const FollowedAlias& each : wanted) {
    const auto directory = cache_.Find(each.name, each.version);
    const std::optional<std::string> error = LoadError(entries, each);
    if (!error) {
      served.push_back(each);
      broken_.erase(each);
    } else {
      failures.push_back({each, *error, true});
      broken_.insert(each);
      if (directory) unusable.insert(*directory);  // GET /models reports it
      if (const FollowedAlias* const now = ::winnow::Find(served_, each)) served.push_back(*now);
    }
    if (directory) kept.insert(*directory);
  }
  Show(served, unusable, false);
  for (const FollowedAlias& each : served) {
    if (const auto directory = cache_.Find(each.name, each.version)) kept.insert(*directory);
  }
  cache_.Prune(kept);
  return served;
}

/// Has the set consist of the versions that the aliases mean, and of `others`.
void RegistryFollower::Show(const std::vector<FollowedAlias>& aliases, const std::set<fs::path>& others, bool wait) {
  std::vector<fs::path> roots;
  const auto add = [&](const fs::path& directory) {
    if (std::ranges::find(roots, directory) == roots.end()) roots.push_back(directory);
  };
  for (const FollowedAlias& each : aliases) {
    if (const auto directory = cache_.Find(each.name, each.version)) add(*directory);
  }
  for (const fs::path& other : others) add(other);
  models_->SetSources(std::move(roots), ModelAliases(aliases));
  const auto done = std::make_shared<std::promise<void>>();
  models_->Reload([done] { done->set_value(); });
  if (wait) done->get_future().wait();
}

void RegistryFollower::Report(std::vector<FollowFailure> failures) {
  const MutexLock lock(mutex_);
  for (FollowFailure& failure : failures) {
    const bool known = std::ranges::any_of(status_.failures, [&](const FollowFailure& each) {
      return each.wanted == failure.wanted && each.loading == failure.loading;
    });
    const FollowedAlias& wanted = failure.wanted;
    if (!known) {
      const bool former = ::winnow::Find(served_, wanted) != nullptr;
      LogWarning("{}@{} should be {}, which could not be {}; {}: {}", wanted.name, wanted.alias, wanted.version,
                 failure.loading ? "loaded" : "pulled",
                 former ? "the version before goes on serving" : "there is no version before", failure.error);
    }
  }
  status_.failures = std::move(failures);
}

void RegistryFollower::NoteReachable(bool reachable, const std::string& error) {
  const MutexLock lock(mutex_);
  const bool first = status_.error.empty() && !status_.reachable;
  if (!reachable && (status_.reachable || first)) LogWarning("the registry is out of reach: {}", error);
  if (reachable && !status_.reachable && !status_.error.empty()) LogInfo("the registry can be reached again");
  status_.reachable = reachable;
  status_.error = error;
}

}  // namespace winnow

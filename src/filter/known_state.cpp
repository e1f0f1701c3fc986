#include "filter/known_state.h"

#include "base/log.h"

namespace winnow {
namespace {

/// Senders come first, so that all entries of one sender are neighbours.
std::string SenderKey(std::string_view sender, std::string_view user) {
  std::string key(sender);
  key += '\0';
  key += user;
  return key;
}

}  // namespace

KnownStateCache::KnownStateCache(KnownStateOptions options) : options_(std::move(options)) {}

template <typename T>
const T* KnownStateCache::Find(const Table<T>& table, std::string_view key, bool expired_too) const {
  const auto found = table.entries.find(key);
  if (found == table.entries.end()) return nullptr;
  const bool expired = Clock::now() - found->second.read >= options_.time_to_live;
  return expired && !expired_too ? nullptr : &found->second.value;
}

template <typename T>
void KnownStateCache::Put(Table<T>& table, std::string key, T value) {
  const auto found = table.entries.find(key);
  if (found != table.entries.end()) {
    table.ages.erase(found->second.age);
    table.entries.erase(found);
  } else if (table.entries.size() >= options_.max_entries && !table.ages.empty()) {
    table.entries.erase(table.ages.front());
    table.ages.pop_front();
  }
  const auto age = table.ages.insert(table.ages.end(), key);
  table.entries.insert_or_assign(std::move(key), typename Table<T>::Entry{std::move(value), Clock::now(), age});
}

template <typename T>
void KnownStateCache::EraseFrom(Table<T>& table, std::string_view prefix, bool whole) {
  auto entry = table.entries.lower_bound(prefix);
  while (entry != table.entries.end() && (whole ? entry->first == prefix : entry->first.starts_with(prefix))) {
    table.ages.erase(entry->second.age);
    entry = table.entries.erase(entry);
  }
}

KnownState KnownStateCache::StateOf(const Senders* senders, const std::optional<Preferences>* preferences,
                                    std::string_view sender) const {
  KnownState state;
  if (preferences != nullptr) state.preferences = *preferences;
  if (senders != nullptr) state.sender = ReputationOf(*senders, sender, StoreNow(), options_.half_life);
  return state;
}

std::optional<KnownState> KnownStateCache::Cached(std::string_view sender, std::string_view user) const {
  const MutexLock lock(mutex_);
  const bool expired_too = Clock::now() < asked_again_;
  const Senders* const senders = sender.empty() ? nullptr : Find(senders_, SenderKey(sender, user), expired_too);
  const auto* const preferences = user.empty() ? nullptr : Find(users_, user, expired_too);
  const bool complete = (sender.empty() || senders != nullptr) && (user.empty() || preferences != nullptr);
  if (!complete && !expired_too) return std::nullopt;
  hits_.fetch_add(1, std::memory_order_relaxed);
  return StateOf(senders, preferences, sender);
}

Result<std::shared_ptr<Store>> KnownStateCache::Open() {
  {
    const MutexLock lock(mutex_);
    if (store_ != nullptr) return store_;
  }
  std::shared_ptr<Store> opened = TRY(Store::Open(options_.store));
  const MutexLock lock(mutex_);
  if (store_ == nullptr) store_ = std::move(opened);
  return store_;
}

void KnownStateCache::NoteFailure(const Error& error) {
  failures_.fetch_add(1, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  asked_again_ = Clock::now() + options_.pause;
  if (!down_) {
    LogWarning("the store is not available, messages are filtered without preferences and reputation: {}",
               error.message);
  }
  down_ = true;
}

KnownState KnownStateCache::Load(std::string_view sender, std::string_view user) {
  if (std::optional<KnownState> cached = Cached(sender, user)) return *std::move(cached);
  reads_.fetch_add(1, std::memory_order_relaxed);
  uint64_t changes = 0;
  {
    const MutexLock lock(mutex_);
    changes = changes_;
    // While one message finds out whether the store is back, the others do not wait.
    if (down_) asked_again_ = Clock::now() + options_.pause;
  }
  std::optional<Preferences> preferences;
  Senders senders;
  const auto read = [&]() -> Result<void> {
    const std::shared_ptr<Store> store = TRY(Open());
    if (!user.empty()) preferences = TRY(store->GetPreferences(user));
    if (sender.empty()) return {};
    std::vector<std::string> names = {std::string(sender)};
    if (std::string domain = DomainOfSender(sender); !domain.empty()) names.push_back(std::move(domain));
    senders = TRY(store->FindReputation(names, user));
    return {};
  };
  if (const Result<void> done = read(); !done) {
    if (done.error().code == ErrorCode::kInvalidArgument) return {};  // a name that the store cannot have
    NoteFailure(done.error());
    return Cached(sender, user).value_or(KnownState{});
  }
  const MutexLock lock(mutex_);
  if (down_) LogInfo("the store is available again");
  down_ = false;
  asked_again_ = {};
  if (changes == changes_) {
    if (!sender.empty()) Put(senders_, SenderKey(sender, user), senders);
    if (!user.empty()) Put(users_, std::string(user), preferences);
  }
  return StateOf(&senders, &preferences, sender);
}

Result<std::optional<Preferences>> KnownStateCache::ReadPreferences(std::string_view user) {
  return TRY(Open())->GetPreferences(user);
}

void KnownStateCache::ForgetUser(std::string_view user) {
  const MutexLock lock(mutex_);
  ++changes_;
  EraseFrom(users_, user, /*whole=*/true);
}

void KnownStateCache::ForgetSender(std::string_view sender) {
  const MutexLock lock(mutex_);
  ++changes_;
  if (sender.starts_with('@')) {  // a domain, to which any sender may belong
    senders_.entries.clear();
    senders_.ages.clear();
  } else {
    EraseFrom(senders_, std::string(sender) + '\0', /*whole=*/false);
  }
}

void KnownStateCache::ForgetAll() {
  const MutexLock lock(mutex_);
  ++changes_;
  users_.entries.clear();
  users_.ages.clear();
  senders_.entries.clear();
  senders_.ages.clear();
}

KnownStateCache::Counts KnownStateCache::counts() const { return {hits_, reads_, failures_}; }

}  // namespace winnow

/// What the store knows about the sender and the user of a message, kept in memory for a while.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "filter/sender.h"
#include "store/store.h"

namespace winnow {

/// Facts about one message's sender and user. Without a store, or while it is down: nothing.
struct KnownState {
  std::optional<Preferences> preferences = {};
  SenderReputation sender = {};
};

struct KnownStateOptions {
  StoreOptions store;
  /// Until a fact is read again: so long can the servers that share a store disagree about it.
  std::chrono::milliseconds time_to_live = std::chrono::seconds(5);
  std::chrono::milliseconds pause = std::chrono::seconds(5);    ///< after a failure, without further attempts
  std::chrono::milliseconds half_life = std::chrono::days(30);  ///< half-life of learnt scores
  size_t max_entries = 100000;                                  ///< per kind of fact

  /// Limits of reads, so that a store that hangs delays a verdict by a moment at most.
  KnownStateOptions() {
    store.limits = {.statement = std::chrono::milliseconds(500),
                    .lock = std::chrono::milliseconds(250),
                    .connect = std::chrono::seconds(1)};
    store.max_connections = 4;
  }
};

/// Reads preferences and reputation through a cache. A store that cannot be reached is asked again after a pause; until
/// then, facts that have expired remain valid, and unknown ones are left out. Thread-safe.
class KnownStateCache {
 public:
  /// `options.store.url` must not be empty. Nothing is opened before the first read.
  explicit KnownStateCache(KnownStateOptions options);
  KnownStateCache(const KnownStateCache&) = delete;
  KnownStateCache& operator=(const KnownStateCache&) = delete;

  /// Returns what is known if no read is needed, which takes no longer than a moment. `sender` is in normal form; an
  /// empty sender or user is unknown.
  std::optional<KnownState> Cached(std::string_view sender, std::string_view user) const;
  /// Returns what is known, after reading what is missing. Blocks for as long as the limits of the store allow.
  KnownState Load(std::string_view sender, std::string_view user);

  /// Returns the user's preferences, read from the store. Errors: those of Store.
  Result<std::optional<Preferences>> ReadPreferences(std::string_view user);

  /// Drop facts that were changed, so that the next message sees the change.
  void ForgetUser(std::string_view user);
  void ForgetSender(std::string_view sender);
  void ForgetAll();

  std::chrono::milliseconds half_life() const { return options_.half_life; }

  struct Counts {
    uint64_t hits = 0, reads = 0, failures = 0;
  };
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  template <typename T>
  struct Table {
    struct Entry {
      T value;
      Clock::time_point read;
      std::list<std::string>::iterator age;
    };
    std::map<std::string, Entry, std::less<>> entries;
    std::list<std::string> ages;  // keys, the oldest read first
  };
  using Senders = std::vector<StoredReputation>;

  Result<std::shared_ptr<Store>> Open();
  void NoteFailure(const Error& error);
  template <typename T>
  const T* Find(const Table<T>& table, std::string_view key, bool expired_too) const REQUIRES(mutex_);
  template <typename T>
  void Put(Table<T>& table, std::string key, T value) REQUIRES(mutex_);
  template <typename T>
  static void EraseFrom(Table<T>& table, std::string_view prefix, bool whole);
  KnownState StateOf(const Senders* senders, const std::optional<Preferences>* preferences,
                     std::string_view sender) const;

  const KnownStateOptions options_;
  mutable Mutex mutex_;
  std::shared_ptr<Store> store_ GUARDED_BY(mutex_);
  Clock::time_point asked_again_ GUARDED_BY(mutex_);  // no reads before this time
  bool down_ GUARDED_BY(mutex_) = false;
  uint64_t changes_ GUARDED_BY(mutex_) = 0;  // of facts, so that a read that began before one is not kept
  Table<Senders> senders_ GUARDED_BY(mutex_);
  Table<std::optional<Preferences>> users_ GUARDED_BY(mutex_);
  mutable std::atomic<uint64_t> hits_ = 0;
  std::atomic<uint64_t> reads_ = 0, failures_ = 0;
};

}  // namespace winnow

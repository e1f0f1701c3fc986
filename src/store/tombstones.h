/// What was forgotten, so that it does not come back: from a client that repeats a request, from the spool of another
/// server, from the memory of a server. A tombstone is a keyed digest (HMAC-SHA-256), so that it contains neither a
/// text nor a name, and can be compared with a text only by whoever has the key, which is in the store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.h"
#include "store/sql_connection.h"

namespace winnow {

enum class ForgottenKind {
  kText,     ///< a text, by its DuplicateKey
  kUser,     ///< all contributions of a user
  kMessage,  ///< a message, by its id
  kEvent,    ///< an event, by its idempotency key, whenever it is sent
};

struct Tombstone {
  int64_t id = 0;
  std::string digest = {};  ///< 64 hexadecimal digits, as TombstoneDigest makes them
  StoreTime forgotten_at = {};
};

/// Returns the digest of a value of a kind. Texts are digested by their DuplicateKey.
std::string TombstoneDigest(std::string_view key, ForgottenKind kind, std::string_view value);

/// The digests of a record, and its time. A record is forgotten if its event is, or if its text, its user or its
/// message was forgotten at or after its time: what is said later is said anew.
struct TombstoneQuery {
  std::optional<std::string> event = {};   ///< digest of the idempotency key
  std::vector<std::string> contents = {};  ///< digests of text, user and message
  StoreTime at = {};
};

TombstoneQuery QueryOf(std::string_view key, const FeedbackEvent& event);
TombstoneQuery QueryOf(std::string_view key, const MessageRecord& message);
TombstoneQuery QueryOf(std::string_view key, const VerdictSample& sample);

/// The tombstones of a store that a process knows. Not thread-safe; const functions are.
class Tombstones {
 public:
  /// `key` is that of the store.
  explicit Tombstones(std::string key) : key_(std::move(key)) {}

  /// Returns true if the tombstone was not known. One of a value that is forgotten again has an id of its own, though
  /// its time may equal that of the former one.
  bool Add(const Tombstone& tombstone);

  template <typename Record>
  bool Cover(const Record& record) const {
    return !known_.empty() && Covers(QueryOf(key_, record));
  }
  bool empty() const { return known_.empty(); }
  int64_t last_id() const { return last_id_; }
  const std::string& key() const { return key_; }

 private:
  bool Covers(const TombstoneQuery& query) const;

  std::string key_;
  struct Known {
    int64_t id;
    StoreTime forgotten_at;  // the latest
  };

  std::map<std::string, Known, std::less<>> known_;  // by digest
  int64_t last_id_ = 0;
};

/// Checks of records in a transaction that writes them.
class TombstoneCheck {
 public:
  /// Reads the key; without one, nothing was ever forgotten and all checks are free.
  static SqlResult<TombstoneCheck> Begin(SqlConnection& connection);

  template <typename Record>
  SqlResult<bool> Covers(const Record& record) const {
    if (key_.empty()) return false;
    return Find(QueryOf(key_, record));
  }
  /// Returns true if the user was forgotten at or after the time.
  SqlResult<bool> CoversUser(std::string_view user, StoreTime at) const;

 private:
  TombstoneCheck(SqlConnection& connection, std::string key) : connection_(&connection), key_(std::move(key)) {}
  SqlResult<bool> Find(const TombstoneQuery& query) const;

  SqlConnection* connection_;
  std::string key_;
};

}  // namespace winnow

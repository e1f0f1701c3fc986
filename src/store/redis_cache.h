/// A cache in Redis that servers share. It never delays requests: whatever the state of Redis (absent, hanging, slow,
/// sending invalid data), a lookup is answered within a few milliseconds, with nothing if necessary.
///
/// One thread uses one connection. Simultaneous lookups are sent together (MGET), and replies are awaited while the
/// next lookups are under way. After a failure Redis is not used for a while, which becomes longer each time; in that
/// time, and while a reply is late, lookups are answered with nothing at once. One warning reports the failure, another
/// one the recovery. If the other end is a replica, as after a failover, its values are read, and the connection is
/// made anew now and then until there is one that takes values.
///
/// With a key for message authentication codes, each value is stored with an HMAC-SHA-256 of its Redis key and itself.
/// A value that lacks the right one (forged, damaged, copied from another Redis key, or stored without a code) counts
/// as absent. Whoever can write to Redis can then delete predictions, but not make or exchange any.
///
/// Redis Cluster is not supported, since the keys of one lookup may be on several of its nodes. Use one server or a
/// proxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "store/redis_connection.h"
#include "store/redis_url.h"

namespace winnow {

struct RedisCacheOptions {
  std::chrono::milliseconds timeout{20};  ///< time limit of one lookup
  /// Time limit of connecting; a reply as late as this closes the connection.
  std::chrono::milliseconds connect_timeout{1000};
  std::chrono::milliseconds first_pause{100};  ///< pause before the first reconnection; doubles each time
  std::chrono::milliseconds longest_pause{10000};
  /// Time after which a replica that refuses values is left for a new connection, as the name may stand for the new
  /// primary by then; doubles each time, up to `longest_replica_time`. Replicas are read meanwhile.
  std::chrono::milliseconds first_replica_time{5000}, longest_replica_time{300000};
  std::chrono::seconds ttl{24 * 3600};  ///< time that Redis keeps a value; at least one second
  size_t max_queued = 4096;             ///< maximum number of queued lookups, and of queued values
  size_t max_queued_bytes = 16 << 20;   ///< limit of the bytes of queued values
  size_t max_value_bytes = 64 << 10;    ///< maximum size of a value; larger ones are not stored
  RedisTlsFiles tls = {};               ///< files of certificates, for rediss:// only
  std::string mac_key = {};             ///< secret key of the message authentication codes; empty: no codes
};

/// Counters of the cache, which only grow.
struct RedisCacheCounts {
  uint64_t hits = 0;
  uint64_t misses = 0;    ///< lookups for which Redis had no value, or one that was rejected
  uint64_t rejected = 0;  ///< values without the right message authentication code
  uint64_t timeouts = 0;  ///< lookups that took too long
  uint64_t skipped = 0;   ///< lookups that were not sent: Redis was away or late, or too many lookups were queued
  uint64_t errors = 0;    ///< failed connections, and values that Redis refused
  uint64_t sent = 0;      ///< number of values sent to Redis
  uint64_t dropped = 0;   ///< number of values that were not sent
};

/// A shared cache. Thread-safe.
class RedisCache {
 public:
  /// Parses the URL (ParseRedisUrl's errors), checks the files for TLS (CheckRedisTlsFiles' errors) and starts the
  /// thread; available() tells later whether Redis can be reached. Errors: kInvalidArgument for files for TLS without
  /// rediss://; kIo if the system refuses a thread or descriptor.
  static Result<std::unique_ptr<RedisCache>> Open(std::string_view url, const RedisCacheOptions& options = {});

  /// Answers queued lookups with nothing; queued values are lost.
  ~RedisCache();
  RedisCache(const RedisCache&) = delete;
  RedisCache& operator=(const RedisCache&) = delete;

  /// Looks up a key and calls `done` once, on this thread or on the cache's thread, where it delays all other replies
  /// while it runs; what it throws there is logged. It must not destroy the cache. The value is that in Redis, which
  /// must be checked: without a mac_key, whoever can write to Redis can choose it.
  using Done = std::function<void(std::optional<std::string> value)>;
  void Find(std::string key, Done done);

  /// Queues a value for Redis, or drops it. Never waits.
  void Insert(std::string key, std::string value);

  /// Returns true if a Find now would ask Redis.
  bool available() const;
  RedisCacheCounts counts() const;
  /// Returns the address without the password.
  std::string name() const { return address_.Name(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Question {
    std::string key;
    Done done;
    Clock::time_point deadline;
  };
  struct Value {
    std::string key, bytes;
  };
  struct Command {
    size_t questions;  // 0: a value
    Clock::time_point sent;
  };

  RedisCache(RedisAddress address, const RedisCacheOptions& options);
  void Run();
  Result<void> Serve();
  Result<void> TakeReplies();
  Result<void> TakeReply(const RedisReply& reply);
  void Answer(const Question& question, RedisReply* item);
  void SendQueued();
  void WaitForSocket();
  void AnswerLate(Clock::time_point now);
  void AnswerAll();
  bool stopping() const;
  void SetReady(bool ready);
  void Pause(std::chrono::milliseconds time);
  void Wake() REQUIRES(mutex_);

  const RedisAddress address_;
  const RedisCacheOptions options_;
  int wake_ = -1;  // an eventfd

  mutable Mutex mutex_;
  bool ready_ GUARDED_BY(mutex_) = false;  // questions are taken
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool woken_ GUARDED_BY(mutex_) = false;
  std::deque<Question> questions_ GUARDED_BY(mutex_);
  std::deque<Value> values_ GUARDED_BY(mutex_);
  size_t value_bytes_ GUARDED_BY(mutex_) = 0;
  RedisCacheCounts counts_ GUARDED_BY(mutex_);

  // The thread's own.
  RedisConnection connection_;
  std::deque<Command> commands_;  // sent, without a reply yet
  std::deque<Question> asked_;    // questions of commands_, in order
  size_t answered_ = 0;           // questions at its front that were late and answered with nothing
  bool refusal_logged_ = false, rejection_logged_ = false;
  bool replica_ = false;  // it refuses values as one
  Clock::time_point leave_replica_;
  std::chrono::milliseconds replica_time_;

  std::thread thread_;
};

}  // namespace winnow

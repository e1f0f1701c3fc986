/// A cache in Redis that servers share. It makes nothing wait: whatever Redis does - is away, hangs, is slow, talks
/// nonsense - a question is answered within a few milliseconds, with nothing if need be.
///
/// One thread talks to one connection. Questions that come together go together (MGET), and answers are awaited while
/// the next ones are under way. When Redis fails, it is left alone for a while, longer each time; while it is away, or
/// is late with an answer, questions are answered "nothing" at once. One warning tells that it went, one that it is
/// back.
///
/// Redis Cluster is not spoken: keys of one question lie on several of its nodes. Use one server or a proxy.
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
  std::chrono::milliseconds first_pause{100};  ///< before it is tried again; doubles each time
  std::chrono::milliseconds longest_pause{10000};
  std::chrono::seconds ttl{24 * 3600};  ///< time that Redis keeps a value; at least one second
  size_t max_queued = 4096;             ///< questions, and as many values
  size_t max_queued_bytes = 16 << 20;   ///< limit of the bytes of queued values
  size_t max_value_bytes = 64 << 10;    ///< larger ones are not kept
};

/// Counters only grow.
struct RedisCacheCounts {
  uint64_t hits = 0;
  uint64_t misses = 0;    ///< Redis knew nothing
  uint64_t timeouts = 0;  ///< it took too long
  uint64_t skipped = 0;   ///< not asked: it was away or late, or too many questions waited
  uint64_t errors = 0;    ///< failed connections, and refused values
  uint64_t sent = 0;      ///< values given to Redis
  uint64_t dropped = 0;   ///< values that were not
};

/// Thread-safe.
class RedisCache {
 public:
  /// Looks at the URL (ParseRedisUrl's errors) and starts; whether Redis is there turns out later, in available().
  /// Errors: kIo when the system refuses a thread or descriptor.
  static Result<std::unique_ptr<RedisCache>> Open(std::string_view url, const RedisCacheOptions& options = {});

  /// Questions that wait are answered with nothing; values that wait are lost.
  ~RedisCache();
  RedisCache(const RedisCache&) = delete;
  RedisCache& operator=(const RedisCache&) = delete;

  /// Calls `done` once: here, or on the cache's thread, where it holds up all other answers while it runs. It must not
  /// throw, and must not destroy the cache. What it gets is whatever lies in Redis under the key: to be checked.
  using Done = std::function<void(std::optional<std::string> value)>;
  void Find(std::string key, Done done);

  /// Hands the value over, or drops it. Never waits.
  void Insert(std::string key, std::string value);

  /// Whether a Find now would ask Redis.
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
  bool refusal_logged_ = false;

  std::thread thread_;
};

}  // namespace winnow

/// One stream of server-sent events for each browser: what happens to jobs, models, data and review, so that a page
/// needs one connection for all of it, however many of its tabs are open.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/json.h"
#include "base/mutex.h"
#include "server/response_stream.h"

namespace winnow {

struct EventStreamsOptions {
  size_t kept = 10000;                        ///< number of events that a client which was away can get
  size_t kept_bytes = 32 << 20;               ///< total size of these events, at most
  std::chrono::milliseconds ping{15000};      ///< time between comments that keep proxies from closing a stream
  std::chrono::milliseconds watch{500};       ///< time between two looks at what is watched, while there are streams
  std::chrono::milliseconds gather{20};       ///< events of so long are written together
  std::function<std::string()> watched = {};  ///< makes a text that changes with the models; null: none are watched
};

/// One thread writes to all streams, so that Publish costs the same whatever the number of streams, and a client that
/// reads slowly delays nobody. Thread-safe.
class EventStreams {
 public:
  explicit EventStreams(EventStreamsOptions options = {});
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;
  /// Ends all streams.
  ~EventStreams();

  /// Sends an event to all streams: `type` is "job", "models", "review" or "data".
  void Publish(std::string_view type, const Json& data);

  /// Returns a stream of later events. `last_id` is the ID of the last event that the client has; the stream begins
  /// with what it has missed, or with the event "reset" if that is unknown. Nothing: the client is new.
  std::shared_ptr<ResponseStream> Open(std::optional<int64_t> last_id);

  size_t streams() const;

 private:
  struct Watcher {
    std::shared_ptr<ResponseStream> stream;
    int64_t last;  // ID of the last event that was written to it
  };
  void Work();
  bool Serve(Watcher& watcher, bool ping);
  std::string Missed(Watcher& watcher) REQUIRES(mutex_);
  void Watch();

  const EventStreamsOptions options_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::string> events_ GUARDED_BY(mutex_);  // the last ones, as they are sent
  size_t bytes_ GUARDED_BY(mutex_) = 0;                // of them
  int64_t last_ GUARDED_BY(mutex_);                    // ID of the last of them
  std::list<Watcher> watchers_ GUARDED_BY(mutex_);
  size_t served_ GUARDED_BY(mutex_) = 0;  // watchers that the thread has taken out for the moment
  bool news_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::string seen_;    // of what is watched; on the thread alone
  std::thread thread_;  // the last: it uses all of the rest
};

}  // namespace winnow

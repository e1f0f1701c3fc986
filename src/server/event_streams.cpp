#include "server/event_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/background_step.h"

namespace winnow {
namespace {

using std::chrono::steady_clock;

constexpr size_t kMostBacklog = 256 << 10;  // bytes; a client that has as many to read gets no more for now
constexpr size_t kMostAtOnce = 64 << 10;    // bytes of events for one client

/// IDs go on increasing over restarts of the server, so that no client takes events of another server for those that
/// it has: no server publishes a thousand events per second for long.
int64_t FirstId() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string EventText(int64_t id, std::string_view type, const Json& data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, type, DumpJsonLine(data));
}

}  // namespace

EventStreams::EventStreams(EventStreamsOptions options) : options_(std::move(options)), last_(FirstId()) {
  // Now, so that a change just after the first stream was opened is told.
  if (options_.watched) seen_ = options_.watched();
  thread_ = std::thread([this] { Work(); });
}

EventStreams::~EventStreams() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
  const MutexLock lock(mutex_);
  for (const Watcher& watcher : watchers_) watcher.stream->End();
}

void EventStreams::Publish(std::string_view type, const Json& data) {
  const MutexLock lock(mutex_);
  events_.push_back(EventText(++last_, type, data));
  bytes_ += events_.back().size();
  while (events_.size() > options_.kept || bytes_ > options_.kept_bytes) {
    bytes_ -= events_.front().size();
    events_.pop_front();
  }
  news_ = true;
  changed_.NotifyOne();
}

std::shared_ptr<ResponseStream> EventStreams::Open(std::optional<int64_t> last_id) {
  auto stream = std::make_shared<ResponseStream>();
  const MutexLock lock(mutex_);
  // Milliseconds until a browser connects again, and the ID that it names then.
  stream->Write(fmt::format("retry: 2000\nid: {}\n\n", last_id.value_or(last_)));
  watchers_.push_back({stream, last_id.value_or(last_)});
  news_ = true;
  changed_.NotifyOne();
  return stream;
}

size_t EventStreams::streams() const {
  const MutexLock lock(mutex_);
  return watchers_.size() + served_;
}

/// Returns the text of the next events of a stream.
std::string EventStreams::Missed(Watcher& watcher) {
  const int64_t first = last_ - static_cast<int64_t>(events_.size());  // the ID before that of the oldest event
  if (watcher.last < first || watcher.last > last_) {
    watcher.last = last_;
    return EventText(last_, "reset", Json::object());
  }
  std::string text;
  while (watcher.last < last_ && text.size() < kMostAtOnce) {
    text += events_[static_cast<size_t>(watcher.last - first)];
    ++watcher.last;
  }
  return text;
}

/// Writes what there is. Returns false if nobody reads the stream any more.
bool EventStreams::Serve(Watcher& watcher, bool ping) {
  if (watcher.stream->closed()) return false;
  bool wrote = false;
  while (watcher.stream->backlog() < kMostBacklog) {
    std::string text;
    {
      const MutexLock lock(mutex_);
      text = Missed(watcher);
    }
    if (text.empty()) break;
    watcher.stream->Write(text);
    wrote = true;
  }
  if (ping && !wrote) watcher.stream->Write(": ping\n\n");
  return true;
}

void EventStreams::Watch() {
  if (!options_.watched) return;
  std::string now = options_.watched();
  if (now == seen_) return;
  seen_ = std::move(now);
  Publish("models", Json::object());
}

void EventStreams::Work() {
  auto next_ping = steady_clock::now() + options_.ping;
  auto next_watch = steady_clock::now();
  for (;;) {
    bool watches = false;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !news_) {
        const bool slow = std::ranges::any_of(
            watchers_, [](const Watcher& watcher) { return watcher.stream->backlog() >= kMostBacklog; });
        auto until = watchers_.empty() ? next_ping : std::min(next_ping, next_watch);
        if (slow) until = std::min(until, steady_clock::now() + options_.watch);
        if (!changed_.WaitUntil(mutex_, until)) break;
      }
      if (stopping_) return;
      watches = !watchers_.empty() && steady_clock::now() >= next_watch;
    }
    if (watches) {
      RunBackgroundStep("events", [this] { Watch(); });
      next_watch = steady_clock::now() + options_.watch;
    }
    std::list<Watcher> watchers;
    {
      const MutexLock lock(mutex_);
      news_ = false;
      watchers.swap(watchers_);
      served_ = watchers.size();
    }
    const bool ping = steady_clock::now() >= next_ping;
    if (ping) next_ping = steady_clock::now() + options_.ping;
    watchers.remove_if([&](Watcher& watcher) {
      bool stays = true;
      RunBackgroundStep("events", [&] { stays = Serve(watcher, ping); });
      return !stays;
    });
    {
      const MutexLock lock(mutex_);
      watchers_.splice(watchers_.begin(), watchers);
      served_ = 0;
    }
    // Events that come in a burst are written together, which costs much less than one by one.
    std::this_thread::sleep_for(options_.gather);
  }
}

}  // namespace winnow

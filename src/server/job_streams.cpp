#include "server/job_streams.h"

#include <fmt/format.h>

#include <utility>

#include "base/background_step.h"

namespace winnow {
namespace {

constexpr size_t kEventsAtOnce = 500;
constexpr size_t kMostBacklog = 256 << 10;  // bytes; a client that has as many to read gets no more for now
/// How often a stream whose client reads slowly is looked at again.
constexpr auto kSlowly = std::chrono::milliseconds(250);

}  // namespace

std::string ServerSentEvent(const JobEvent& event) {
  const Json* type = event.data.Find("type");
  // Browsers call what goes wrong with a connection "error".
  const bool failure = type != nullptr && type->is_string() && type->str() == "error";
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.id,
                     failure                                ? "failure"
                     : type != nullptr && type->is_string() ? type->str()
                                                            : "log",
                     DumpJsonLine(event.data));
}

JobStreams::JobStreams(JobRunner& runner, std::filesystem::path directory, std::chrono::milliseconds ping)
    : runner_(runner), directory_(std::move(directory)), ping_(ping) {
  listening_ = runner_.Listen([this](const std::string&, const JobEvent&) {
    const MutexLock lock(mutex_);
    news_ = true;
    changed_.NotifyOne();
  });
  thread_ = std::thread([this] { Work(); });
}

JobStreams::~JobStreams() {
  listening_.reset();
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
  for (const Watcher& watcher : watchers_) watcher.stream->End();
}

std::shared_ptr<ResponseStream> JobStreams::Open(const std::string& job, int64_t after, Form form) {
  auto stream = std::make_shared<ResponseStream>();
  stream->Write("retry: 2000\n\n");  // milliseconds until a browser connects again
  const MutexLock lock(mutex_);
  watchers_.push_back({job, EventTail(directory_, job, after), stream, std::move(form)});
  news_ = true;
  changed_.NotifyOne();
  return stream;
}

size_t JobStreams::streams() const {
  const MutexLock lock(mutex_);
  return watchers_.size();
}

/// Writes what there is. Returns false if nothing follows.
bool JobStreams::Serve(Watcher& watcher, bool ping) const {
  if (watcher.stream->closed()) return false;
  // Asked before the reading, so that the last event of a job that has ended is not missed.
  const std::optional<Job> job = runner_.Find(watcher.job);
  const bool ended = !job || HasEnded(job->state);
  bool wrote = false;
  while (watcher.stream->backlog() < kMostBacklog) {
    const std::vector<JobEvent> events = watcher.tail.Read(kEventsAtOnce);
    const int64_t last = runner_.LastShown(watcher.job);
    std::string text;
    if (last == JobRunner::kAllEvents) text.swap(watcher.held);
    for (const JobEvent& event : events)
      (event.id <= last ? text : watcher.held) += watcher.form ? watcher.form(event) : ServerSentEvent(event);
    watcher.stream->Write(text);
    wrote = wrote || !events.empty();
    if (events.size() < kEventsAtOnce) {
      if (ended) {
        watcher.stream->End();
        return false;
      }
      break;
    }
  }
  if (ping && !wrote) watcher.stream->Write(": ping\n\n");
  return true;
}

void JobStreams::Work() {
  auto next_ping = std::chrono::steady_clock::now() + ping_;
  for (;;) {
    std::list<Watcher> watchers;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !news_) {
        bool slow = false;
        for (const Watcher& watcher : watchers_) slow = slow || watcher.stream->backlog() >= kMostBacklog;
        const auto until = slow ? std::min(next_ping, std::chrono::steady_clock::now() + kSlowly) : next_ping;
        if (!changed_.WaitUntil(mutex_, until)) break;
      }
      if (stopping_) return;
      news_ = false;
      watchers.swap(watchers_);
    }
    const bool ping = std::chrono::steady_clock::now() >= next_ping;
    if (ping) next_ping = std::chrono::steady_clock::now() + ping_;
    watchers.remove_if([&](Watcher& watcher) {
      bool stays = true;
      RunBackgroundStep("events of jobs", [&] { stays = Serve(watcher, ping); });
      return !stays;
    });
    const MutexLock lock(mutex_);
    watchers_.splice(watchers_.begin(), watchers);
  }
}

}  // namespace winnow

/// Server-sent events of jobs, for all clients that watch them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"
#include "jobs/job_files.h"
#include "jobs/job_runner.h"
#include "server/response_stream.h"

namespace winnow {

/// One thread writes to all streams: each of them reads the file of its job from where it is, so that a client that
/// reads slowly costs no memory, and one that was away loses nothing. Thread-safe.
class JobStreams {
 public:
  /// `runner` must outlive this object. Streams without events get a comment each `ping`, which keeps proxies from
  /// closing them.
  JobStreams(JobRunner& runner, std::filesystem::path directory,
             std::chrono::milliseconds ping = std::chrono::seconds(15));
  JobStreams(const JobStreams&) = delete;
  JobStreams& operator=(const JobStreams&) = delete;
  /// Ends all streams.
  ~JobStreams();

  /// Makes the text of an event of a job; empty: the event is left out.
  using Form = std::function<std::string(const JobEvent& event)>;
  /// Returns a stream of the events of a job after the event `after`, each in the form that `form` makes on the thread
  /// of the streams; null: ServerSentEvent. It ends behind the last event of a job that has ended.
  std::shared_ptr<ResponseStream> Open(const std::string& job, int64_t after, Form form = {});

  size_t streams() const;

 private:
  struct Watcher {
    std::string job;
    EventTail tail;
    std::shared_ptr<ResponseStream> stream;
    Form form;
    std::string held = {};  // what is not to be shown yet
  };
  void Work();
  bool Serve(Watcher& watcher, bool ping) const;

  JobRunner& runner_;
  const std::filesystem::path directory_;
  const std::chrono::milliseconds ping_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::list<Watcher> watchers_ GUARDED_BY(mutex_);
  bool news_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<void> listening_;
  std::thread thread_;  // the last: it uses all of the rest
};

/// Returns an event in the form of server-sent events: its id, its type, and its data as JSON.
std::string ServerSentEvent(const JobEvent& event);

}  // namespace winnow

/// The shared state of a JobRunner and of its workers, and what a worker does: it takes a job of the queue, runs its
/// process, and keeps and tells what becomes of it. Private to job_runner.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/mutex.h"
#include "base/process.h"
#include "base/result.h"
#include "jobs/job.h"
#include "jobs/job_failure.h"
#include "jobs/job_files.h"
#include "jobs/job_process.h"
#include "jobs/job_runner.h"

namespace winnow {

/// Returns the time in seconds since 1970.
double JobTimeNow();

struct JobRunner::State {
  explicit State(JobRunnerOptions given) : options(std::move(given)) {}

  struct Entry {
    Job job;
    bool cancelled = false;  // somebody asked for the end
    /// The last event that is shown, while those of the end are in the file and the record does not tell the end yet.
    std::optional<int64_t> last_shown = {};
  };

  /// Keeps an event, and passes it on.
  void Tell(const std::string& id, JobEventFile& file, Json data);

  /// Keeps an event. Returns nothing, with a message in the log, if it cannot be kept.
  static std::optional<JobEvent> Append(const std::string& id, JobEventFile& file, Json data);

  /// Passes an event to the listeners.
  void PassOn(const std::string& id, const JobEvent& event);

  /// Writes the record of a job. Returns the file of its events.
  Result<JobEventFile> Write(const Job& job) const;

  void TellState(const Job& job, JobEventFile& file);

  /// Writes the record of a job and tells its state.
  Result<void> Keep(const Job& job);

  /// Undoes the change of a job that could not be kept; a queued job waits again, behind the others.
  void TakeBack(const Job& before) REQUIRES(changing);

  /// Runs jobs of the queue, one after the other, until the runner stops.
  void Work();
  void RunJob(Job job);
  JobProcessOptions ProcessOf(const Job& job) const;
  /// Makes `job` one that failed before its process was started.
  void FailBeforeStart(std::string_view what, const Error& error, Job& job) const;
  /// Keeps the identity of the job's process, by which a later server ends it if this one is killed.
  void KeepProcess(const ProcessIdentity& process, Job& job, JobEventFile& events);
  /// Tells a line of the process's log as an event. Errors among them are reasons of a failure.
  void TellLine(const std::string& id, std::string_view line, FailureReason& reason, JobEventFile& events);
  /// Sets the state of a job whose process has ended, or could not be run.
  void SetEnd(const Result<ProgramEnd>& end, const FailureReason& reason, Job& job);
  /// Keeps and tells the end of a job.
  void Finish(const Job& job, JobEventFile& events);
  /// Keeps the record of a job that has ended.
  void Record(const Job& job);
  /// Removes ended jobs beyond JobRunnerOptions::max_kept.
  void RemoveOldest() REQUIRES(mutex);

  /// Returns false if the process of a job is to be ended.
  bool Continues(const std::string& id);

  const JobRunnerOptions options;
  int lock_fd = -1;
  Mutex changing;  // held by Start, Cancel and Resume until all of a change is done; before `mutex`
  Mutex mutex;
  ConditionVariable changed;
  std::map<std::string, Entry> entries GUARDED_BY(mutex);
  std::deque<std::string> order GUARDED_BY(mutex);  // ids, oldest first
  std::deque<std::string> queue GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  /// A listener; empty once it wants to hear nothing more. The mutex is held while it is called.
  struct Listening {
    void Call(const std::string& id, const JobEvent& event) {
      const MutexLock lock(mutex);
      if (listener) listener(id, event);
    }
    Mutex mutex;
    Listener listener GUARDED_BY(mutex);
  };

  Mutex listeners_mutex;
  std::vector<std::weak_ptr<Listening>> listeners GUARDED_BY(listeners_mutex);
  std::vector<std::thread> workers;
};

}  // namespace winnow

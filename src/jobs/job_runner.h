/// Runs jobs: commands of this program in processes of their own, so that a crash, or too little memory, there never
/// affects the server.
///
/// Jobs wait in a queue, and few run at a time. What a job logs becomes events, which are kept in files, so that a
/// reader that was away can go on where it was, also after a restart of the server. A job that was cut off because the
/// server ended is interrupted, and can be resumed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/job.h"

namespace winnow {

struct JobRunnerOptions {
  std::filesystem::path directory;         ///< where jobs are kept; created if it is missing
  std::vector<std::string> program;        ///< the program that jobs run, and its first arguments
  std::vector<std::string> end_arguments;  ///< arguments behind those of each job
  /// "NAME=value" for the environment of each job of a kind. They may contain passwords, so they are neither kept in
  /// its record nor among its arguments, which all users of the machine can see.
  std::map<std::string, std::vector<std::string>> kind_variables = {};
  /// Beginnings of paths that are left out of messages: whoever watches a job need not know where a server's files are.
  std::vector<std::string> hidden_paths;
  size_t max_running = 1;
  size_t max_queued = 20;
  size_t max_kept = 10000;    ///< ended jobs beyond this number are removed, the oldest first
  uint64_t memory_bytes = 0;  ///< limit of the memory of each process (RLIMIT_DATA); 0: none
  std::chrono::seconds time_limit{24 * 3600};
  std::chrono::milliseconds patience{10000};  ///< time from the request to end (SIGTERM) to the end by force (SIGKILL)
};

/// Conditions of a listing that all must hold; the newest jobs come first.
struct JobFilter {
  std::string kind = {};  ///< empty: any
  std::optional<JobState> state = {};
  std::string before_id = {};  ///< id of the last job of the page before
  size_t limit = 100;
};

/// Thread-safe.
class JobRunner {
 public:
  /// Receives an event of a job, in the order of the ids of that job; Find has the state that it tells. Must not block
  /// or call Start, Cancel or Resume.
  using Listener = std::function<void(const std::string& job, const JobEvent& event)>;

  /// Reads the directory. Jobs that a killed server left running, or was about to start, are ended and become
  /// interrupted; queued ones stay queued, and start. Errors: kExists if another process runs the jobs of the
  /// directory; kIo.
  static Result<std::unique_ptr<JobRunner>> Open(JobRunnerOptions options);
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;
  /// Stop.
  ~JobRunner();

  /// Queues a job. Errors: kExists if max_queued jobs wait; kIo.
  Result<Job> Start(JobPlan plan);
  /// Ends a job: a queued one at once, a running one as Ctrl-C does, which lets it keep a checkpoint. Returns the job,
  /// which may still be running. Errors, which change nothing: kNotFound; kInvalidArgument for one that has ended; kIo.
  Result<Job> Cancel(std::string_view id);
  /// Queues a job that has failed, was cancelled or interrupted once more, with its `resume_arguments`. Errors, which
  /// change nothing: kNotFound; kInvalidArgument for a job that has succeeded or has not ended; those of Start.
  Result<Job> Resume(std::string_view id);

  std::optional<Job> Find(std::string_view id) const;
  std::vector<Job> List(const JobFilter& filter) const;
  /// Returns at most `limit` events of a job after the event `after`. Errors: kNotFound; kIo.
  Result<std::vector<JobEvent>> Events(std::string_view id, int64_t after, size_t limit) const;
  /// Returns the id of the last event that may be shown: those that tell the end of a job are in its file a moment
  /// before the job has ended. To be asked after the file was read.
  int64_t LastShown(std::string_view id) const;
  static constexpr int64_t kAllEvents = INT64_MAX;
  /// Returns what the job has written to standard output, at most the first 16 MiB. Errors: kNotFound; kIo.
  Result<std::string> Output(std::string_view id) const;

  /// Calls `listener` for later events of all jobs, until the returned object is destroyed, which waits for its calls.
  std::shared_ptr<void> Listen(Listener listener);

  /// Ends all running jobs, which become interrupted, and waits for them. No job starts afterwards.
  void Stop();

 private:
  struct State;
  explicit JobRunner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace winnow

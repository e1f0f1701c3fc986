#include "jobs/job_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "base/path_error.h"
#include "base/secret.h"
#include "jobs/job_events.h"
#include "jobs/job_failure.h"
#include "jobs/job_files.h"
#include "jobs/job_process.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostOutput = size_t{16} << 20;

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

Json StateEvent(const Job& job) {
  Json event = {{"type", "state"}, {"state", NameOf(job.state)}};
  if (!job.error.empty()) event["error"] = job.error;
  return event;
}

/// Locks the directory for this process. Returns the descriptor that holds the lock. Errors: kExists, kIo.
Result<int> LockDirectory(const fs::path& directory) {
  const fs::path file = directory / ".lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(ErrorCode::kIo, fmt::format("{}: {}", file.string(), std::strerror(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return Fail(ErrorCode::kExists, directory.string() + ": another server runs the jobs of this directory",
              "give each server a workspace of its own: --workspace DIR");
}

}  // namespace

struct JobRunner::State {
  explicit State(JobRunnerOptions given) : options(std::move(given)) {}

  struct Entry {
    Job job;
    bool cancelled = false;  // somebody asked for the end
  };

  /// Keeps an event, and passes it on.
  void Tell(const std::string& id, JobEventFile& file, Json data) {
    if (const std::optional<JobEvent> event = Append(id, file, std::move(data))) PassOn(id, *event);
  }

  /// Keeps an event. Returns nothing, with a message in the log, if it cannot be kept.
  static std::optional<JobEvent> Append(const std::string& id, JobEventFile& file, Json data) {
    Result<JobEvent> event = file.Append(std::move(data));
    if (event) return *std::move(event);
    LogError("job {}: {}", id, event.error().message);
    return std::nullopt;
  }

  void PassOn(const std::string& id, const JobEvent& event) {
    std::vector<std::shared_ptr<Listener>> current;
    {
      const MutexLock lock(listeners_mutex);
      std::erase_if(listeners, [](const std::weak_ptr<Listener>& each) { return each.expired(); });
      for (const auto& each : listeners) {
        if (auto listener = each.lock()) current.push_back(std::move(listener));
      }
    }
    for (const auto& listener : current) (*listener)(id, event);
  }

  /// Writes the record of a job and tells its state.
  Result<void> Keep(const Job& job) {
    TRY(WriteJob(options.directory, job));
    JobEventFile file = TRY(JobEventFile::Open(options.directory, job.id));
    Tell(job.id, file, StateEvent(job));
    return {};
  }

  /// Undoes the change of a job that could not be kept; a queued job waits again, behind the others.
  void TakeBack(const Job& before) REQUIRES(changing) {
    // The record may be that of the change already, if only its event could not be kept.
    const Result<void> written = WriteJob(options.directory, before);
    if (!written) LogError("job {}: {}", before.id, written.error().message);
    const MutexLock lock(mutex);
    const auto entry = entries.find(before.id);
    if (entry == entries.end()) return;  // removed as the oldest one that had ended
    entry->second.job = before;
    if (before.state != JobState::kQueued) return;
    queue.push_back(before.id);
    changed.NotifyOne();
  }

  void Work();
  void RunJob(Job job);
  void Finish(const Job& job, JobEventFile& events);
  /// Keeps the record of a job that has ended.
  void Record(const Job& job);
  void RemoveOldest() REQUIRES(mutex);

  bool Continues(const std::string& id) {
    const MutexLock lock(mutex);
    return !stopping && !entries.at(id).cancelled;
  }

  const JobRunnerOptions options;
  int lock_fd = -1;
  Mutex changing;  // held by Cancel and Resume from the check of a state to the end of its change; before `mutex`
  Mutex mutex;
  ConditionVariable changed;
  std::map<std::string, Entry> entries GUARDED_BY(mutex);
  std::deque<std::string> order GUARDED_BY(mutex);  // ids, oldest first
  std::deque<std::string> queue GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  Mutex listeners_mutex;
  std::vector<std::weak_ptr<Listener>> listeners GUARDED_BY(listeners_mutex);
  std::vector<std::thread> workers;
};

void JobRunner::State::Work() {
  for (;;) {
    Job job;
    {
      const MutexLock lock(mutex);
      while (!stopping && queue.empty()) changed.Wait(mutex);
      if (stopping) return;
      Entry& entry = entries.at(queue.front());
      queue.pop_front();
      entry.job.state = JobState::kRunning;
      entry.job.started = Now();
      ++entry.job.runs;
      job = entry.job;
    }
    RunJob(std::move(job));
  }
}

void JobRunner::State::RunJob(Job job) {
  Result<JobEventFile> events = JobEventFile::Open(options.directory, job.id);
  if (!events) {
    job.state = JobState::kFailed;
    job.error =
        "the events of the job cannot be written: " + WithoutPaths(events.error().message, options.hidden_paths);
    job.ended = Now();
    LogError("job {}: {}", job.id, job.error);
    return Record(job);
  }
  // Before the process exists: a server that is killed in between must not start the job a second time by itself.
  if (const Result<void> written = WriteJob(options.directory, job); !written) {
    job.state = JobState::kFailed;
    job.error =
        "the record of the job cannot be written: " + WithoutPaths(written.error().message, options.hidden_paths);
    job.ended = Now();
    LogError("job {}: {}", job.id, job.error);
    return Finish(job, *events);
  }
  JobProcessOptions process{.arguments = options.program,
                            .variables = {},
                            .output = options.directory / job.id / kOutputFile,
                            .memory_bytes = options.memory_bytes,
                            .time_limit = options.time_limit,
                            .patience = options.patience};
  const auto add = [&](const std::vector<std::string>& arguments) {
    process.arguments.insert(process.arguments.end(), arguments.begin(), arguments.end());
  };
  add(job.plan.arguments);
  if (job.runs > 1) add(job.plan.resume_arguments);
  if (const auto more = options.kind_variables.find(job.plan.kind); more != options.kind_variables.end()) {
    process.variables = more->second;
  }
  add(options.end_arguments);
  FailureReason reason;
  const Result<ProgramEnd> end = RunJobProcess(
      process,
      [&](const ProcessIdentity& identity) {
        job.process = identity.id;
        job.process_start = identity.start;
        const Result<void> written = WriteJob(options.directory, job);
        if (!written) LogError("job {}: {}", job.id, written.error().message);
        {
          const MutexLock lock(mutex);
          entries.at(job.id).job = job;
        }
        Tell(job.id, *events, StateEvent(job));
      },
      [&](std::string_view line) {
        std::optional<Json> event = EventOfLine(line);
        if (!event) return;
        if (Json* const message = event->Find("message"); message != nullptr && message->is_string()) {
          *message = WithoutPaths(message->str(), options.hidden_paths);
        }
        if (const Json* level = event->Find("level"); level != nullptr && level->str() == "error") {
          reason.Add(event->Find("message")->str());
        }
        Tell(job.id, *events, *std::move(event));
      },
      [&] { return Continues(job.id); });
  job.ended = Now();
  job.process = job.process_start = 0;
  if (!end) {
    job.state = JobState::kFailed;
    job.error = end.error().message;
  } else {
    job.exit_code = end->status;
    job.error.clear();
    if (end->succeeded()) {
      job.state = JobState::kSucceeded;
    } else if (end->how == ProgramEnd::kStopped) {
      const MutexLock lock(mutex);
      job.state = entries.at(job.id).cancelled ? JobState::kCancelled : JobState::kInterrupted;
    } else {
      job.state = JobState::kFailed;
      job.error = reason.Text(*end, options.time_limit, options.memory_bytes);
    }
  }
  Finish(job, *events);
}

void JobRunner::State::Finish(const Job& job, JobEventFile& events) {
  // Who sees that the job has ended finds all of its events; who hears of an event finds the state that it tells.
  std::vector<JobEvent> last;
  const auto append = [&](Json data) {
    if (std::optional<JobEvent> event = Append(job.id, events, std::move(data))) last.push_back(*std::move(event));
  };
  if (job.state == JobState::kFailed) append({{"type", "error"}, {"message", job.error}});
  append(StateEvent(job));
  Record(job);
  for (const JobEvent& event : last) PassOn(job.id, event);
}

void JobRunner::State::Record(const Job& job) {
  const Result<void> written = WriteJob(options.directory, job);
  if (!written) LogError("job {}: {}", job.id, written.error().message);
  const MutexLock lock(mutex);
  Entry& entry = entries.at(job.id);
  entry.job = job;
  entry.cancelled = false;
  RemoveOldest();
}

void JobRunner::State::RemoveOldest() {
  while (order.size() > options.max_kept) {
    const auto oldest = std::ranges::find_if(
        order, [&](const std::string& id) REQUIRES(mutex) { return HasEnded(entries.at(id).job.state); });
    if (oldest == order.end()) return;
    std::error_code error;
    fs::remove_all(options.directory / *oldest, error);
    if (error) LogWarning("job {} could not be removed: {}", *oldest, error.message());
    entries.erase(*oldest);
    order.erase(oldest);
  }
}

Result<std::unique_ptr<JobRunner>> JobRunner::Open(JobRunnerOptions options) {
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error) return std::unexpected(PathError(options.directory, error));
  auto state = std::make_unique<State>(std::move(options));
  state->lock_fd = TRY(LockDirectory(state->options.directory));
  std::unique_ptr<JobRunner> runner(new JobRunner(std::move(state)));
  State& opened = *runner->state_;
  for (Job& job : TRY(ReadJobs(opened.options.directory))) {
    if (job.state == JobState::kRunning) {
      EndLeftProcess({static_cast<pid_t>(job.process), job.process_start}, opened.options.patience);
      job.state = JobState::kInterrupted;
      job.ended = Now();
      job.process = job.process_start = 0;
      TRY(opened.Keep(job));
    }
    const MutexLock lock(opened.mutex);
    opened.order.push_back(job.id);
    if (job.state == JobState::kQueued) opened.queue.push_back(job.id);
    opened.entries[job.id].job = std::move(job);
  }
  for (size_t i = 0; i < opened.options.max_running; ++i) {
    opened.workers.emplace_back([&opened] { opened.Work(); });
  }
  return runner;
}

JobRunner::JobRunner(std::unique_ptr<State> state) : state_(std::move(state)) {}

JobRunner::~JobRunner() {
  Stop();
  if (state_->lock_fd >= 0) ::close(state_->lock_fd);
}

Result<Job> JobRunner::Start(JobPlan plan) {
  Job job{.id = TRY(RandomHex(8)), .plan = std::move(plan), .created = Now()};
  {
    const MutexLock lock(state_->mutex);
    if (state_->stopping) return Fail(ErrorCode::kCancelled, "the server is shutting down");
    if (state_->queue.size() >= state_->options.max_queued) {
      return Fail(ErrorCode::kExists, fmt::format("{} jobs are waiting already", state_->queue.size()),
                  "wait until jobs have ended, or cancel some");
    }
  }
  if (const Result<void> kept = state_->Keep(job); !kept) {
    std::error_code ignored;
    fs::remove_all(state_->options.directory / job.id, ignored);  // or the next server would run it
    return std::unexpected(kept.error());
  }
  const MutexLock lock(state_->mutex);
  state_->entries[job.id].job = job;
  state_->order.push_back(job.id);
  state_->queue.push_back(job.id);
  state_->changed.NotifyOne();
  return job;
}

Result<Job> JobRunner::Cancel(std::string_view id) {
  const MutexLock change(state_->changing);
  Job before, job;
  {
    const MutexLock lock(state_->mutex);
    const auto found = state_->entries.find(std::string(id));
    if (found == state_->entries.end()) return Fail(ErrorCode::kNotFound, fmt::format("there is no job '{}'", id));
    State::Entry& entry = found->second;
    if (HasEnded(entry.job.state)) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the job has already ended: it is {}", NameOf(entry.job.state)));
    }
    if (entry.job.state == JobState::kRunning) {
      entry.cancelled = true;
      return entry.job;
    }
    before = entry.job;
    std::erase(state_->queue, entry.job.id);
    entry.job.state = JobState::kCancelled;
    entry.job.ended = Now();
    job = entry.job;
  }
  if (const Result<void> kept = state_->Keep(job); !kept) {
    state_->TakeBack(before);
    return std::unexpected(kept.error());
  }
  return job;
}

Result<Job> JobRunner::Resume(std::string_view id) {
  const MutexLock change(state_->changing);
  Job before, job;
  {
    const MutexLock lock(state_->mutex);
    const auto found = state_->entries.find(std::string(id));
    if (found == state_->entries.end()) return Fail(ErrorCode::kNotFound, fmt::format("there is no job '{}'", id));
    State::Entry& entry = found->second;
    if (!HasEnded(entry.job.state) || entry.job.state == JobState::kSucceeded) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the job {}; only a job that failed, was cancelled or interrupted can be resumed",
                              entry.job.state == JobState::kSucceeded ? "has succeeded" : "has not ended"));
    }
    if (state_->queue.size() >= state_->options.max_queued) {
      return Fail(ErrorCode::kExists, fmt::format("{} jobs are waiting already", state_->queue.size()),
                  "wait until jobs have ended, or cancel some");
    }
    before = entry.job;
    entry.job.state = JobState::kQueued;
    entry.job.ended = 0;
    entry.job.error.clear();
    entry.job.exit_code.reset();
    job = entry.job;
  }
  if (const Result<void> kept = state_->Keep(job); !kept) {
    state_->TakeBack(before);
    return std::unexpected(kept.error());
  }
  const MutexLock lock(state_->mutex);
  state_->queue.push_back(job.id);
  state_->changed.NotifyOne();
  return job;
}

std::optional<Job> JobRunner::Find(std::string_view id) const {
  const MutexLock lock(state_->mutex);
  const auto found = state_->entries.find(std::string(id));
  return found == state_->entries.end() ? std::nullopt : std::optional(found->second.job);
}

std::vector<Job> JobRunner::List(const JobFilter& filter) const {
  const MutexLock lock(state_->mutex);
  std::vector<Job> jobs;
  bool begun = filter.before_id.empty();
  for (auto id = state_->order.rbegin(); id != state_->order.rend() && jobs.size() < filter.limit; ++id) {
    if (!begun) {
      begun = *id == filter.before_id;
      continue;
    }
    const Job& job = state_->entries.at(*id).job;
    if (!filter.kind.empty() && job.plan.kind != filter.kind) continue;
    if (filter.state && job.state != *filter.state) continue;
    jobs.push_back(job);
  }
  return jobs;
}

Result<std::vector<JobEvent>> JobRunner::Events(std::string_view id, int64_t after, size_t limit) const {
  if (!Find(id)) return Fail(ErrorCode::kNotFound, fmt::format("there is no job '{}'", id));
  return ReadEvents(state_->options.directory, id, after, limit);
}

Result<std::string> JobRunner::Output(std::string_view id) const {
  if (!Find(id)) return Fail(ErrorCode::kNotFound, fmt::format("there is no job '{}'", id));
  std::ifstream in(state_->options.directory / id / kOutputFile, std::ios::binary);
  std::string output(kMostOutput, '\0');
  in.read(output.data(), static_cast<std::streamsize>(output.size()));
  output.resize(static_cast<size_t>(in.gcount()));
  return output;
}

std::shared_ptr<void> JobRunner::Listen(Listener listener) {
  auto held = std::make_shared<Listener>(std::move(listener));
  const MutexLock lock(state_->listeners_mutex);
  state_->listeners.push_back(held);
  return held;
}

void JobRunner::Stop() {
  {
    const MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.NotifyAll();
  }
  for (std::thread& worker : state_->workers) {
    if (worker.joinable()) worker.join();
  }
}

}  // namespace winnow

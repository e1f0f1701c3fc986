#include "jobs/job_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/mutex.h"
#include "base/path_error.h"
#include "base/secret.h"
#include "jobs/job_files.h"
#include "jobs/job_process.h"
#include "jobs/job_runner_state.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostOutput = size_t{16} << 20;

std::unexpected<Error> NoSuchJob(std::string_view id) {
  return Fail(ErrorCode::kNotFound, fmt::format("there is no job '{}'", id));
}

std::unexpected<Error> QueueIsFull(size_t queued) {
  return Fail(ErrorCode::kExists, fmt::format("{} jobs are waiting already", queued),
              "wait until jobs have ended, or cancel some");
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
      job.ended = JobTimeNow();
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
  Job job{.id = TRY(RandomHex(8)), .plan = std::move(plan), .created = JobTimeNow()};
  const MutexLock change(state_->changing);
  {
    const MutexLock lock(state_->mutex);
    if (state_->stopping) return Fail(ErrorCode::kCancelled, "the server is shutting down");
    if (state_->queue.size() >= state_->options.max_queued) return QueueIsFull(state_->queue.size());
  }
  Result<JobEventFile> events = state_->Write(job);
  if (!events) {
    std::error_code ignored;
    fs::remove_all(state_->options.directory / job.id, ignored);  // or the next server would run it
    return std::unexpected(events.error());
  }
  {
    const MutexLock lock(state_->mutex);
    state_->entries[job.id].job = job;
    state_->order.push_back(job.id);
  }
  state_->TellState(job, *events);  // who hears of it finds it
  const MutexLock lock(state_->mutex);
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
    if (found == state_->entries.end()) return NoSuchJob(id);
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
    entry.job.ended = JobTimeNow();
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
    if (found == state_->entries.end()) return NoSuchJob(id);
    State::Entry& entry = found->second;
    if (!HasEnded(entry.job.state) || entry.job.state == JobState::kSucceeded) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the job {}; only a job that failed, was cancelled or interrupted can be resumed",
                              entry.job.state == JobState::kSucceeded ? "has succeeded" : "has not ended"));
    }
    if (state_->queue.size() >= state_->options.max_queued) return QueueIsFull(state_->queue.size());
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
  if (!Find(id)) return NoSuchJob(id);
  std::vector<JobEvent> events = TRY(ReadEvents(state_->options.directory, id, after, limit));
  std::erase_if(events, [last = LastShown(id)](const JobEvent& event) { return event.id > last; });
  return events;
}

int64_t JobRunner::LastShown(std::string_view id) const {
  const MutexLock lock(state_->mutex);
  const auto found = state_->entries.find(std::string(id));
  return found == state_->entries.end() ? kAllEvents : found->second.last_shown.value_or(kAllEvents);
}

Result<std::string> JobRunner::Output(std::string_view id) const {
  if (!Find(id)) return NoSuchJob(id);
  std::ifstream in(state_->options.directory / id / kOutputFile, std::ios::binary);
  std::string output(kMostOutput, '\0');
  in.read(output.data(), static_cast<std::streamsize>(output.size()));
  output.resize(static_cast<size_t>(in.gcount()));
  return output;
}

std::shared_ptr<void> JobRunner::Listen(Listener listener) {
  auto listening = std::make_shared<State::Listening>();
  {
    const MutexLock lock(listening->mutex);
    listening->listener = std::move(listener);
  }
  const MutexLock lock(state_->listeners_mutex);
  state_->listeners.push_back(listening);
  // Waits for a call that a worker has begun: what the listener uses may be gone when this returns.
  return {listening.get(), [listening](void*) {
            const MutexLock end(listening->mutex);
            listening->listener = {};
          }};
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

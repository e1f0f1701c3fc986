#include "jobs/job_runner_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/background_step.h"
#include "base/log.h"
#include "jobs/job_events.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

Json StateEvent(const Job& job) {
  Json event = {{"type", "state"}, {"state", NameOf(job.state)}};
  if (!job.error.empty()) event["error"] = job.error;
  return event;
}

}  // namespace

double JobTimeNow() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void JobRunner::State::Tell(const std::string& id, JobEventFile& file, Json data) {
  if (const std::optional<JobEvent> event = Append(id, file, std::move(data))) PassOn(id, *event);
}

std::optional<JobEvent> JobRunner::State::Append(const std::string& id, JobEventFile& file, Json data) {
  Result<JobEvent> event = file.Append(std::move(data));
  if (event) return *std::move(event);
  LogError("job {}: {}", id, event.error().message);
  return std::nullopt;
}

void JobRunner::State::PassOn(const std::string& id, const JobEvent& event) {
  std::vector<std::shared_ptr<Listening>> current;
  {
    const MutexLock lock(listeners_mutex);
    std::erase_if(listeners, [](const std::weak_ptr<Listening>& each) { return each.expired(); });
    for (const auto& each : listeners) {
      if (auto listening = each.lock()) current.push_back(std::move(listening));
    }
  }
  for (const auto& listening : current) RunBackgroundStep("events of jobs", [&] { listening->Call(id, event); });
}

Result<JobEventFile> JobRunner::State::Write(const Job& job) const {
  TRY(WriteJob(options.directory, job));
  return JobEventFile::Open(options.directory, job.id);
}

void JobRunner::State::TellState(const Job& job, JobEventFile& file) { Tell(job.id, file, StateEvent(job)); }

Result<void> JobRunner::State::Keep(const Job& job) {
  JobEventFile file = TRY(Write(job));
  TellState(job, file);
  return {};
}

void JobRunner::State::TakeBack(const Job& before) {
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
      entry.job.started = JobTimeNow();
      ++entry.job.runs;
      job = entry.job;
    }
    RunJob(std::move(job));
  }
}

void JobRunner::State::RunJob(Job job) {
  Result<JobEventFile> events = JobEventFile::Open(options.directory, job.id);
  if (!events) {
    FailBeforeStart("the events of the job cannot be written", events.error(), job);
    return Record(job);
  }
  // Before the process exists: a server that is killed in between must not start the job a second time by itself.
  if (const Result<void> written = WriteJob(options.directory, job); !written) {
    FailBeforeStart("the record of the job cannot be written", written.error(), job);
    return Finish(job, *events);
  }
  FailureReason reason;
  Result<ProgramEnd> end = Fail(ErrorCode::kIo, "the server had too little memory to run the job");
  RunBackgroundStep("jobs", [&] {
    end = RunJobProcess(
        ProcessOf(job), [&](const ProcessIdentity& process) { KeepProcess(process, job, *events); },
        [&](std::string_view line) {
          RunBackgroundStep("events of jobs", [&] { TellLine(job.id, line, reason, *events); });
        },
        [&] { return Continues(job.id); });
  });
  RunBackgroundStep("jobs", [&] {
    SetEnd(end, reason, job);
    Finish(job, *events);
  });
}

void JobRunner::State::FailBeforeStart(std::string_view what, const Error& error, Job& job) const {
  job.state = JobState::kFailed;
  job.error = fmt::format("{}: {}", what, WithoutPaths(error.message, options.hidden_paths));
  job.ended = JobTimeNow();
  LogError("job {}: {}", job.id, job.error);
}

JobProcessOptions JobRunner::State::ProcessOf(const Job& job) const {
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
  add(options.end_arguments);
  if (const auto more = options.kind_variables.find(job.plan.kind); more != options.kind_variables.end()) {
    process.variables = more->second;
  }
  return process;
}

void JobRunner::State::KeepProcess(const ProcessIdentity& process, Job& job, JobEventFile& events) {
  job.process = process.id;
  job.process_start = process.start;
  const Result<void> written = WriteJob(options.directory, job);
  if (!written) LogError("job {}: {}", job.id, written.error().message);
  {
    const MutexLock lock(mutex);
    entries.at(job.id).job = job;
  }
  Tell(job.id, events, StateEvent(job));
}

void JobRunner::State::TellLine(const std::string& id, std::string_view line, FailureReason& reason,
                                JobEventFile& events) {
  std::optional<Json> event = EventOfLine(line);
  if (!event) return;
  if (Json* const message = event->Find("message"); message != nullptr && message->is_string()) {
    *message = WithoutPaths(message->str(), options.hidden_paths);
  }
  if (const Json* level = event->Find("level"); level != nullptr && level->str() == "error") {
    reason.Add(event->Find("message")->str());
  }
  Tell(id, events, *std::move(event));
}

void JobRunner::State::SetEnd(const Result<ProgramEnd>& end, const FailureReason& reason, Job& job) {
  job.ended = JobTimeNow();
  job.process = job.process_start = 0;
  if (!end) {
    job.state = JobState::kFailed;
    job.error = end.error().message;
    return;
  }
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

void JobRunner::State::Finish(const Job& job, JobEventFile& events) {
  // Who sees that the job has ended finds all of its events; who hears of an event finds the state that it tells.
  {
    const MutexLock lock(mutex);
    entries.at(job.id).last_shown = events.last();
  }
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
  entry.last_shown.reset();
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

bool JobRunner::State::Continues(const std::string& id) {
  const MutexLock lock(mutex);
  return !stopping && !entries.at(id).cancelled;
}

}  // namespace winnow

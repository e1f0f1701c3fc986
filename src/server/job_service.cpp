#include "server/job_service.h"

#include <algorithm>
#include <utility>

#include "base/path_error.h"
#include "server/workspace_names.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

bool WritesModel(std::string_view kind) { return kind == "train" || kind == "quantize"; }

}  // namespace

ApiError JobError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {.status = 404, .type = "NotFound", .message = error.message};
    case ErrorCode::kExists:
      return TooManyRequests("Overloaded", error.message, std::chrono::seconds(10));
    case ErrorCode::kInvalidArgument:
      return {.status = 409, .type = "Conflict", .message = error.message};
    default:
      return {.status = 503, .type = "Unavailable", .message = error.message};
  }
}

Result<std::shared_ptr<JobService>> JobService::Open(const JobServiceOptions& options,
                                                     std::function<void()> models_changed) {
  std::shared_ptr<JobService> service(new JobService());
  service->workspace_ = options.workspace;
  service->data_ = options.workspace / "data";
  service->models_ = options.workspace / "models";
  std::error_code error;
  for (const fs::path& directory : {service->data_, service->models_}) {
    fs::create_directories(directory, error);
    if (error) return std::unexpected(PathError(directory, error));
  }
  service->retrains_ = !options.registry.empty() && !options.store.empty();
  std::vector<std::string> retrain, drift;
  for (const auto& [name, value] : {std::pair("WINNOW_REGISTRY=", options.registry),
                                    {"WINNOW_ARTIFACTS=", options.artifacts},
                                    {"WINNOW_STORE=", options.store}}) {
    if (!value.empty()) retrain.push_back(name + value);
  }
  if (!options.store.empty()) drift.push_back("WINNOW_STORE=" + options.store);
  const fs::path jobs = options.workspace / "jobs";
  const fs::path root = fs::canonical(options.workspace, error);
  service->runner_ =
      TRY(JobRunner::Open({.directory = jobs,
                           .program = options.program,
                           .end_arguments = {"--json", "--log-format=json"},
                           .kind_variables = {{"retrain", std::move(retrain)}, {"drift", std::move(drift)}},
                           .hidden_paths = {root.string() + "/", options.workspace.string() + "/"},
                           .max_running = options.max_running,
                           .memory_bytes = options.memory_bytes,
                           .time_limit = options.time_limit}));
  JobRunner* const runner = service->runner_.get();
  service->listening_ =
      runner->Listen([runner, changed = std::move(models_changed)](const std::string& id, const JobEvent& event) {
        const Json* const state = event.data.Find("state");
        if (state == nullptr || state->str() != NameOf(JobState::kSucceeded)) return;
        const std::optional<Job> job = runner->Find(id);
        if (job && WritesModel(job->plan.kind) && changed) changed();
      });
  service->streams_ = std::make_unique<JobStreams>(*runner, jobs);
  return service;
}

ApiResult<fs::path> JobService::FindData(const std::string& name) const {
  return FindInWorkspace(data_, name, "data file");
}

ApiResult<fs::path> JobService::FindModel(const std::string& name) const {
  return FindInWorkspace(models_, name, "model");
}

ApiResult<JobPlan> JobService::PlanOf(const Json& request, const std::string& owner) const {
  return MakeJobPlan({.workspace = workspace_, .data = data_, .models = models_, .retrains = retrains_}, request,
                     owner);
}

ApiResult<Job> JobService::Start(JobPlan plan) {
  Result<Job> job = runner_->Start(std::move(plan));
  if (!job) return std::unexpected(JobError(job.error()));
  return *std::move(job);
}

ApiResult<Job> JobService::StartAlone(JobPlan plan) {
  const MutexLock lock(starting_);
  if (const std::optional<Job> other = Active(plan.kind)) {
    return Reject(409, "Conflict", "another run is in progress: " + other->plan.title);
  }
  return Start(std::move(plan));
}

std::optional<Job> JobService::Active(const std::string& kind) const {
  // In this order, so that one that begins meanwhile is not missed.
  for (const JobState state : {JobState::kQueued, JobState::kRunning}) {
    std::vector<Job> jobs = runner_->List({.kind = kind, .state = state, .limit = 1});
    if (!jobs.empty()) return std::move(jobs.front());
  }
  return std::nullopt;
}

void JobService::Close() {
  listening_.reset();
  runner_->Stop();
  streams_.reset();
}

}  // namespace winnow

/// Jobs of a server: training, evaluation and comparison of models in its workspace.
///
/// The workspace is a directory: WORKSPACE/data has the files that jobs read, WORKSPACE/models the models that they
/// write and the server serves, WORKSPACE/jobs their records. Requests name files and models of the workspace, never
/// paths, and options from a fixed list, so that who may start jobs can neither read nor write anything else.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "jobs/job_runner.h"
#include "server/api_error.h"
#include "server/job_plan.h"
#include "server/job_streams.h"

namespace winnow {

struct JobServiceOptions {
  std::filesystem::path workspace = {};   ///< empty: no jobs
  std::vector<std::string> program = {};  ///< the program that jobs run
  size_t max_running = 1;
  uint64_t memory_bytes = 0;  ///< limit of the memory of each job; 0: none
  std::chrono::seconds time_limit{24 * 3600};
  std::string registry = {}, artifacts = {}, store = {};  ///< for retraining and drift; empty: without
};

/// Thread-safe.
class JobService {
 public:
  /// Opens the workspace, and creates its directories. `models_changed` is called, on a thread of the jobs, when one
  /// that writes a model has succeeded. Errors: those of JobRunner::Open.
  static Result<std::shared_ptr<JobService>> Open(const JobServiceOptions& options,
                                                  std::function<void()> models_changed);

  const std::filesystem::path& workspace() const { return workspace_; }
  const std::filesystem::path& data() const { return data_; }
  const std::filesystem::path& models() const { return models_; }
  /// Returns the path of a data file or of a model of the workspace. Errors: 404; 422 for what is not a name in it.
  ApiResult<std::filesystem::path> FindData(const std::string& name) const;
  ApiResult<std::filesystem::path> FindModel(const std::string& name) const;

  JobRunner& runner() { return *runner_; }
  JobStreams& streams() { return *streams_; }

  /// Makes the plan of a request, the body of POST /v1/jobs. Errors: 404 for a file or model that the workspace does
  /// not have; 422.
  ApiResult<JobPlan> PlanOf(const Json& request, const std::string& owner) const;

  /// Starts a job. Errors: those of JobRunner::Start, as errors of the API.
  ApiResult<Job> Start(JobPlan plan);
  /// Starts a job unless one of its kind waits or runs: 409.
  ApiResult<Job> StartAlone(JobPlan plan);
  /// Returns a job of this kind that waits or runs, or nothing.
  std::optional<Job> Active(const std::string& kind) const;

  /// Ends all jobs, which become interrupted, and all streams.
  void Close();

 private:
  JobService() = default;

  std::filesystem::path workspace_, data_, models_;
  bool retrains_ = false;
  Mutex starting_;
  std::unique_ptr<JobRunner> runner_;
  std::shared_ptr<void> listening_;
  std::unique_ptr<JobStreams> streams_;
};

/// Returns the error of the API for an error of JobRunner: 404, 409, 429 or 503.
ApiError JobError(const Error& error);

}  // namespace winnow

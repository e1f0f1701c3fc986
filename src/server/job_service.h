/// Jobs of a server: training, evaluation and comparison of models in its workspace.
///
/// The workspace is a directory: WORKSPACE/data has the files that jobs read, WORKSPACE/models the models that they write
/// and the server serves, WORKSPACE/jobs their records. Requests name files and models of the workspace, never paths, and
/// options from a fixed list, so that who may start jobs can neither read nor write anything else.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "jobs/job_runner.h"
#include "server/api_error.h"
#include "server/job_streams.h"

namespace winnow {

struct JobServiceOptions {
  std::filesystem::path workspace = {};   ///< empty: no jobs
  std::vector<std::string> program = {};  ///< the program that jobs run
  size_t max_running = 1;
  uint64_t memory_bytes = 0;  ///< limit of the memory of each job; 0: none
  std::chrono::seconds time_limit{24 * 3600};
};

/// Thread-safe.
class JobService {
 public:
  /// Opens the workspace, and creates its directories. `models_changed` is called, on a thread of the jobs, when one that
  /// writes a model has succeeded. Errors: those of JobRunner::Open.
  static Result<std::shared_ptr<JobService>> Open(const JobServiceOptions& options,
                                                  std::function<void()> models_changed);

  JobRunner& runner() { return *runner_; }
  JobStreams& streams() { return *streams_; }

  /// Makes the plan of a request, the body of POST /v1/jobs. Errors: 404 for a file or model that the workspace does not
  /// have; 422.
  ApiResult<JobPlan> PlanOf(const Json& request, const std::string& owner) const;

  /// Ends all jobs, which become interrupted, and all streams.
  void Close();

 private:
  JobService() = default;

  std::filesystem::path data_, models_;
  std::unique_ptr<JobRunner> runner_;
  std::shared_ptr<void> listening_;
  std::unique_ptr<JobStreams> streams_;
};

/// Returns the JSON Schema of the body of POST /v1/jobs.
const Json& JobRequestSchema();

}  // namespace winnow

/// From requests for jobs to the commands that they run.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "jobs/job.h"
#include "server/api_error.h"

namespace winnow {

/// Where the things are that requests name.
struct JobPlaces {
  std::filesystem::path workspace, data, models;
  bool retrains = false;  ///< whether there are a registry and a store of feedback
};

/// Makes the plan of a request, the body of POST /v1/jobs. Options are those of a list, so that none names a file or a
/// program. Errors: 404 for a file or model that the workspace does not have; 422.
ApiResult<JobPlan> MakeJobPlan(const JobPlaces& places, const Json& body, const std::string& owner);

/// Returns the JSON Schema of the body of POST /v1/jobs.
const Json& JobRequestSchema();

}  // namespace winnow

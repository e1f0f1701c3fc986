/// Jobs as the mail tool's page follows them: server-sent events without a name, {"type": "progress", "message"} and at
/// the end {"type": "complete"} or {"type": "error", "message"}.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/service.h"

namespace winnow {

/// Adds to the last event of a run that has succeeded.
using RunResult = std::function<void(Json& complete)>;

/// Returns the form of a run's events. Each has the ID "JOB:N", so that a browser that connects again names the run
/// that it watched, instead of starting another.
JobStreams::Form RunForm(std::string job, RunResult result);

/// Returns the response that streams a run after the event `after`.
HttpResponse RunResponse(const Service& service, const Job& job, int64_t after, RunResult result);

/// Returns a response with one event, {"type": "error", "message"}.
HttpResponse RunError(const std::string& message);

/// A place in a run: the value of Last-Event-ID.
struct RunPlace {
  std::string job;
  int64_t event = 0;
};
std::optional<RunPlace> ParseRunPlace(std::string_view last_event_id);

/// Returns the data file that a run without one uses: the file of the workspace that was changed last. Errors: nothing
/// if there is none.
std::optional<std::string> NewestData(const Service& service);

}  // namespace winnow

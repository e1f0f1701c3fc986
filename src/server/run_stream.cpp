#include "server/run_stream.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/parse_number.h"
#include "server/event_streams.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

std::string TextIn(const Json& data, std::string_view key) {
  const Json* const text = data.Find(key);
  return text != nullptr && text->is_string() ? text->str() : "";
}

std::optional<double> NumberIn(const Json& data, std::string_view key) {
  const Json* const number = data.Find(key);
  return number != nullptr && number->is_number() ? std::optional(number->get<double>()) : std::nullopt;
}

std::string ProgressText(const Json& data) {
  const double done = NumberIn(data, "done").value_or(0), total = NumberIn(data, "total").value_or(0);
  std::string text = TextIn(data, "work");
  text += total > 0 ? fmt::format(" {:.0f} % ({:.0f} of {:.0f})", 100 * done / total, done, total)
                    : fmt::format(" {:.0f}", done);
  if (const auto loss = NumberIn(data, "loss")) text += fmt::format(", loss {:.4f}", *loss);
  if (const auto left = NumberIn(data, "remaining_seconds"); left && *left >= 1) {
    text += fmt::format(", {:.0f} s left", *left);
  }
  return text;
}

std::string EvaluationText(const Json& data) {
  return fmt::format("epoch {:.2g}: validation loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}",
                     NumberIn(data, "epoch").value_or(0), NumberIn(data, "loss").value_or(0),
                     NumberIn(data, "accuracy").value_or(0), NumberIn(data, "f1_macro").value_or(0));
}

/// The end of a run, or nothing while it goes on.
std::optional<Json> EndOf(const Json& data, const std::string& job, const RunResult& result) {
  const std::optional<JobState> state = ParseJobState(TextIn(data, "state"));
  if (!state || !HasEnded(*state)) return std::nullopt;
  if (*state == JobState::kSucceeded) {
    Json complete = {{"type", "complete"}, {"job", job}};
    if (result) result(complete);
    return complete;
  }
  std::string message = TextIn(data, "error");
  if (*state == JobState::kCancelled) message = "the run was cancelled";
  if (*state == JobState::kInterrupted) message = "the run was cut off when the server stopped; it can be resumed";
  return Json{{"type", "error"}, {"message", message}, {"job", job}, {"state", NameOf(*state)}};
}

/// A step of a run: all that the event has, and a line for people.
Json StepOf(const Json& data, const std::string& job) {
  const std::string type = TextIn(data, "type");
  std::string message = TextIn(data, "message");
  if (type == "progress") message = ProgressText(data);
  if (type == "evaluation") message = EvaluationText(data);
  if (type == "state") message = TextIn(data, "state") == "queued" ? "waiting for other jobs to end" : "started";
  Json step = data;
  step["type"] = "progress";
  step["event"] = type;
  step["message"] = message;
  step["job"] = job;
  return step;
}

std::string EventText(const std::string& id, const Json& data) {
  return fmt::format("{}data: {}\n\n", id.empty() ? "" : fmt::format("id: {}\n", id), DumpJsonLine(data));
}

HttpResponse StreamResponse() {
  HttpResponse response{.status = 200, .body = {}, .content_type = "text/event-stream", .headers = {}};
  response.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  return response;
}

}  // namespace

JobStreams::Form RunForm(std::string job, RunResult result) {
  return [job = std::move(job), result = std::move(result)](const JobEvent& event) {
    const std::string type = TextIn(event.data, "type");
    if (type == "error") return std::string();  // the state that follows has the reason, too
    const std::optional<Json> end = EndOf(event.data, job, result);
    return EventText(fmt::format("{}:{}", job, event.id), end ? *end : StepOf(event.data, job));
  };
}

HttpResponse RunResponse(const Service& service, const Job& job, int64_t after, RunResult result) {
  if (HasEnded(job.state)) {
    const Result<std::vector<JobEvent>> rest = service.jobs->runner().Events(job.id, after, 1);
    // Status 204 tells browsers not to connect again.
    if (rest && rest->empty()) return HttpResponse{.status = 204, .body = {}, .headers = {}};
  }
  HttpResponse response = StreamResponse();
  response.stream = service.jobs->streams().Open(job.id, after, RunForm(job.id, std::move(result)));
  return response;
}

HttpResponse RunError(const std::string& message) {
  HttpResponse response = StreamResponse();
  response.body = EventText("", {{"type", "error"}, {"message", message}});
  return response;
}

std::optional<RunPlace> ParseRunPlace(std::string_view last_event_id) {
  const size_t colon = last_event_id.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto event = ParseNumber<int64_t>(last_event_id.substr(colon + 1));
  if (!event || *event < 0) return std::nullopt;
  return RunPlace{.job = std::string(last_event_id.substr(0, colon)), .event = *event};
}

std::optional<std::string> NewestData(const Service& service) {
  std::optional<std::string> newest;
  fs::file_time_type last;
  std::error_code error;
  for (fs::directory_iterator entry(service.jobs->data(), error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || !entry->is_regular_file(ignored)) continue;
    const fs::file_time_type time = entry->last_write_time(ignored);
    if (newest && time <= last) continue;
    newest = name;
    last = time;
  }
  return newest;
}

}  // namespace winnow

#include <fmt/format.h>

#include "base/json_or_null.h"
#include "base/parse_number.h"
#include "server/audit.h"
#include "server/file_tasks.h"
#include "server/job_service.h"
#include "server/query_parameters.h"
#include "server/service.h"
#include "server/workspace_models.h"

namespace winnow {
namespace {

constexpr char kJobsTag[] = "Jobs";

/// The record of a job for clients, without what concerns the machine.
Json ClientJson(const Job& job) {
  Json json = {{"id", job.id},
               {"kind", job.plan.kind},
               {"title", job.plan.title},
               {"state", NameOf(job.state)},
               {"created", job.created},
               {"started", job.started > 0 ? Json(job.started) : Json()},
               {"ended", job.ended > 0 ? Json(job.ended) : Json()},
               {"runs", job.runs}};
  json["exit_code"] = OrNull(job.exit_code);
  if (!job.plan.owner.empty()) json["owner"] = job.plan.owner;
  if (!job.error.empty()) json["error"] = job.error;
  return json;
}

ApiResult<HttpResponse> JobResponse(const Result<Job>& job) {
  if (!job) return std::unexpected(JobError(job.error()));
  return JsonResponse(ClientJson(*job));
}

ApiResult<Job> FindJob(const Service& service, const HttpRequest& request) {
  const std::optional<Job> job = service.jobs->runner().Find(request.parameters.front());
  if (job) return *job;
  return Reject(404, "NotFound", fmt::format("there is no job '{}'", request.parameters.front()));
}

ApiResult<HttpResponse> StartJob(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, JobRequestSchema()));
  JobPlan plan = TRY(service.jobs->PlanOf(body, request.key));
  if (plan.kind == "train") TRY(service.workspace_models->CheckFree(TRY(StringOr(body, "model", ""))));
  const Result<Job> job = service.jobs->runner().Start(std::move(plan));
  if (job) Audit(service, request, "jobs.start", job->id, {{"title", job->plan.title}});
  return JobResponse(job);
}

const Json& ListQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "kind": {"enum": ["train", "evaluate", "compare", "doctor", "quantize", "retrain", "drift"], "description": "Jobs of this kind only"},
    "state": {"enum": ["queued", "running", "succeeded", "failed", "cancelled", "interrupted"], "description": "Jobs in this state only"},
    "before": {"type": "string", "description": "ID of the last job of the page before"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "Maximum number of jobs; left out: 100"}}})");
  return schema;
}

ApiResult<HttpResponse> ListJobs(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, ListQuery()));
  JobFilter filter{.kind = query.Text("kind").value_or(""),
                   .before_id = query.Text("before").value_or(""),
                   .limit = static_cast<size_t>(TRY(query.Integer("limit", 100, 1, 1000)))};
  if (const std::optional<std::string> name = query.Text("state")) {
    filter.state = ParseJobState(*name);
    if (!filter.state) return Reject(fmt::format("'state' is '{}', which no job has", *name));
  }
  Json list = Json::array();
  for (const Job& job : service.jobs->runner().List(filter)) list.push_back(ClientJson(job));
  return JsonResponse({{"jobs", std::move(list)}});
}

ApiResult<HttpResponse> GetJob(const Service& service, const HttpRequest& request) {
  return JsonResponse(ClientJson(TRY(FindJob(service, request))));
}

ApiResult<HttpResponse> CancelJob(const Service& service, const HttpRequest& request) {
  const Result<Job> job = service.jobs->runner().Cancel(request.parameters.front());
  if (job) Audit(service, request, "jobs.cancel", job->id, {{"title", job->plan.title}});
  return JobResponse(job);
}

ApiResult<HttpResponse> ResumeJob(const Service& service, const HttpRequest& request) {
  const Result<Job> job = service.jobs->runner().Resume(request.parameters.front());
  if (job) Audit(service, request, "jobs.resume", job->id, {{"title", job->plan.title}});
  return JobResponse(job);
}

std::unexpected<ApiError> NoResult(const Job& job) {
  const std::string_view has = job.state == JobState::kFailed                                      ? "it has failed"
                               : job.state == JobState::kQueued || job.state == JobState::kRunning ? "it has not ended"
                                                                                                   : "it was ended";
  return Reject(409, "Conflict", fmt::format("the job has no result, since {}", has));
}

ApiResult<HttpResponse> JobOutput(const Service& service, const HttpRequest& request) {
  const Job job = TRY(FindJob(service, request));
  // A comparison fails if one of its models could not be evaluated, and has a result with the others nevertheless.
  const bool may_have_one = job.plan.kind == "compare" && job.state == JobState::kFailed;
  if (job.state != JobState::kSucceeded && !may_have_one) return NoResult(job);
  const Result<std::string> output = service.jobs->runner().Output(job.id);
  if (may_have_one && (!output || output->empty())) return NoResult(job);
  if (!output) return std::unexpected(JobError(output.error()));
  return HttpResponse{.status = 200, .body = *output, .headers = {}};
}

const Json& EventsQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "after": {"type": "integer", "minimum": 0, "description": "ID of the last event that the client has; the header Last-Event-ID counts more"}}})");
  return schema;
}

ApiResult<HttpResponse> JobEvents(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, EventsQuery()));
  int64_t after = TRY(query.Integer("after", 0, 0, INT64_MAX));
  if (const std::string_view last = request.Header("last-event-id"); !last.empty()) {
    after = ParseNumber<int64_t>(last).value_or(-1);
    if (after < 0) return Reject("Last-Event-ID must be the ID of an event");
  }
  const Job job = TRY(FindJob(service, request));
  HttpResponse response{.status = 200, .body = {}, .content_type = "text/event-stream", .headers = {}};
  response.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  if (HasEnded(job.state)) {
    const Result<std::vector<JobEvent>> rest = service.jobs->runner().Events(job.id, after, 1);
    // Status 204 tells browsers not to connect again.
    if (rest && rest->empty()) return HttpResponse{.status = 204, .body = {}, .headers = {}};
  }
  response.stream = service.jobs->streams().Open(job.id, after);
  return response;
}

const Json& LogQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "after": {"type": "integer", "minimum": 0, "description": "ID of the last event of the page before; left out: 0, from the first event"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 10000, "description": "Maximum number of events; left out: 1000"}}})");
  return schema;
}

ApiResult<HttpResponse> JobLog(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, LogQuery()));
  const int64_t after = TRY(query.Integer("after", 0, 0, INT64_MAX));
  const auto limit = static_cast<size_t>(TRY(query.Integer("limit", 1000, 1, 10000)));
  Result<std::vector<JobEvent>> events = service.jobs->runner().Events(request.parameters.front(), after, limit);
  if (!events) return std::unexpected(JobError(events.error()));
  Json list = Json::array();
  for (JobEvent& event : *events) {
    event.data["id"] = event.id;
    list.push_back(std::move(event.data));
  }
  const Json next = events->size() < limit ? Json() : Json(events->back().id);
  return JsonResponse({{"events", std::move(list)}, {"next", next}});
}

Json JobSchema() {
  return ParsedJson(
      R"({"type": "object", "required": ["id", "kind", "title", "state", "created", "started", "ended", "runs", "exit_code"], "properties": {
    "id": {"type": "string", "description": "ID of the job"},
    "kind": {"enum": ["train", "evaluate", "compare", "doctor", "quantize", "retrain", "drift"], "description": "What it does"},
    "title": {"type": "string", "description": "The job in words"},
    "state": {"enum": ["queued", "running", "succeeded", "failed", "cancelled", "interrupted"], "description": "interrupted: cut off by the end of the server; it can be resumed"},
    "created": {"type": "number", "description": "Seconds since 1970"},
    "started": {"type": ["number", "null"], "description": "Seconds since 1970; null: it waits"},
    "ended": {"type": ["number", "null"], "description": "Seconds since 1970; null: it has not ended"},
    "runs": {"type": "integer", "description": "How often it was started"},
    "exit_code": {"type": ["integer", "null"], "description": "Exit code of the command; null before its end"},
    "owner": {"type": "string", "description": "Name of the API key that started it"},
    "error": {"type": "string", "description": "Why it failed, and what to do about it"}}})");
}

Json ExampleJob() {
  return ParsedJson(R"({"id": "5c1f0a2b9d3e4f60", "kind": "train", "title": "train spam on sms.csv", "state": "running",
    "created": 1795939200.5, "started": 1795939200.6, "ended": null, "runs": 1, "exit_code": null})");
}

Route JobRoute(const SharedService& service, std::string method, std::string path, std::string summary,
               SimpleServiceHandler handle) {
  return {.method = std::move(method),
          .path = std::move(path),
          .role = Role::kAdmin,
          .docs = {.summary = std::move(summary),
                   .tag = kJobsTag,
                   .answer = JobSchema(),
                   .answer_example = ExampleJob(),
                   .errors = {404, 409, 503}},
          .handle = Handler(service, handle)};
}

}  // namespace

std::vector<Route> JobRoutes(const SharedService& service) {
  Route start = JobRoute(service, "POST", "/v1/jobs", "Starts a job", StartJob);
  start.docs.description =
      "A job runs a command of Winnow in a process of its own, on files of the workspace. It waits until others have "
      "ended. A model that it has trained is served afterwards; a training under the name of a model that the server has "
      "from elsewhere than the workspace is refused with status 409.";
  start.docs.request = JobRequestSchema();
  start.docs.example = ParsedJson(R"({"kind": "train", "data": "sms.csv", "model": "spam", "options": {"epochs": 5}})");
  start.docs.errors = {404, 409, 422, 429, 503};
  Route list = JobRoute(service, "GET", "/v1/jobs", "Lists jobs, the newest first", ListJobs);
  list.docs.query = ListQuery();
  list.docs.answer = {
      {"type", "object"},
      {"required", {"jobs"}},
      {"properties", {{"jobs", {{"type", "array"}, {"items", JobSchema()}, {"description", "A page of jobs"}}}}}};
  list.docs.answer_example = {{"jobs", Json::array({ExampleJob()})}};
  list.docs.errors = {422};
  Route events = JobRoute(service, "GET", "/v1/jobs/{job}/events", "Streams the events of a job", JobEvents);
  events.docs.description =
      "Server-sent events of the types `state`, `progress`, `evaluation` and `log`, each with its ID, from the first one or "
      "from the one behind Last-Event-ID. The stream ends with the job; status 204 means that nothing follows.";
  events.docs.query = EventsQuery();
  events.docs.headers = ParsedJson(
      R"({"type": "object", "properties": {"Last-Event-ID": {"type": "string", "description": "ID of the last event that the client has"}}})");
  events.docs.answer = {{"type", "string"}};
  events.docs.answer_example =
      "id: 3\nevent: progress\ndata: {\"type\":\"progress\",\"work\":\"train\",\"done\":5,\"total\":10}\n\n";
  events.docs.answer_types = {"text/event-stream"};
  events.docs.errors = {404, 422};
  Route log = JobRoute(service, "GET", "/v1/jobs/{job}/log", "Returns the events of a job, in pages", JobLog);
  log.docs.query = LogQuery();
  log.docs.answer = ParsedJson(R"({"type": "object", "required": ["events", "next"], "properties": {
    "events": {"type": "array", "items": {"type": "object", "required": ["id", "type"]}, "description": "The events as in the stream, each with its ID in `id`"},
    "next": {"type": ["integer", "null"], "description": "'after' of the next page; null: nothing follows for now"}}})");
  log.docs.answer_example = ParsedJson(R"({"events": [{"id": 1, "type": "state", "state": "queued"}], "next": null})");
  log.docs.errors = {404, 422, 429};
  log.handle = OnFiles(service, JobLog);
  Route output = JobRoute(service, "GET", "/v1/jobs/{job}/output", "Returns the result of a job", JobOutput);
  output.docs.description = "What the command prints with --json: the metrics of a training or an evaluation.";
  output.docs.errors = {404, 409, 429, 503};
  output.handle = OnFiles(service, JobOutput);
  output.docs.answer = {{"type", "object"}};
  output.docs.answer_example = ParsedJson(R"({"accuracy": 0.98})");
  std::vector<Route> routes;
  for (Route* route : {&start, &list, &events, &log, &output}) routes.push_back(std::move(*route));
  routes.push_back(JobRoute(service, "GET", "/v1/jobs/{job}", "Returns a job", GetJob));
  Route cancel = JobRoute(service, "POST", "/v1/jobs/{job}/cancel", "Ends a job", CancelJob);
  cancel.docs.description = "A running job gets a few seconds to keep a checkpoint, from which it can be resumed.";
  routes.push_back(std::move(cancel));
  Route resume = JobRoute(service, "POST", "/v1/jobs/{job}/resume",
                          "Starts a job again that failed, was cancelled or interrupted", ResumeJob);
  resume.docs.errors = {404, 409, 429, 503};
  routes.push_back(std::move(resume));
  return routes;
}

}  // namespace winnow

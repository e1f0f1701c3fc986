#include <fmt/format.h>

#include "base/log.h"
#include "server/audit.h"
#include "server/benchmark_history.h"
#include "server/data_request.h"
#include "server/file_tasks.h"
#include "server/query_parameters.h"
#include "server/run_stream.h"
#include "server/service.h"
#include "server/workspace_models.h"

namespace winnow {
namespace {

constexpr char kBenchmarksTag[] = "Benchmarks";

const Json& RunQuery() {
  static const Json schema = ReadingQuery(ParsedJson(R"({
    "data": {"type": "string", "description": "Data file of the workspace; left out: the one that was changed last"},
    "models": {"type": "string", "description": "Names of models of the workspace, separated by commas; left out: all"},
    "part": {"enum": ["all", "test"], "description": "test: only the texts that trainings on this file hold out, which their models have not seen; left out: all"},
    "save": {"enum": ["0", "1"], "description": "1: the result is kept in the history; left out: 0"}})"));
  return schema;
}

const Json& ListQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "before": {"type": "string", "description": "ID of the last run of the page before"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "Maximum number of runs; left out: 50"}}})");
  return schema;
}

/// Adds the summary of a comparison, which was kept if it was to be kept.
RunResult RunOf(const Service& service, const Job& job) {
  return [jobs = service.jobs.get(), history = service.benchmarks, job](Json& complete) {
    const Result<std::string> output = jobs->runner().Output(job.id);
    const Result<Json> comparison = output ? ParseJson(*output, "comparison") : std::unexpected(output.error());
    if (!comparison || !comparison->is_object()) return;
    complete["run"] = BenchmarkHistory::Summary(job.id, *comparison);
    complete["saved"] = false;
    if (!job.plan.keep_result) return;
    const Result<void> kept = history->Keep(job.id, *comparison);
    if (!kept) LogError("benchmark {}: {}", job.id, kept.error().message);
    complete["saved"] = kept.has_value();
  };
}

Json NamesOf(std::string_view list) {
  Json names = Json::array();
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (end > 0) names.push_back(std::string(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

/// The options of reading in the query, as a job has them.
ApiResult<Json> ReadingOptionsOf(const QueryParameters& query) {
  Json options = Json::object();
  for (const char* const name : {"format", "delimiter", "quoting", "encoding", "text-field", "label-field"}) {
    if (std::optional<std::string> value = query.Text(name)) options[name] = *std::move(value);
  }
  if (!TRY(query.Flag("header")).value_or(true)) options["no-header"] = true;
  return options;
}

ApiResult<HttpResponse> Run(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, RunQuery()));
  if (const std::optional<RunPlace> place = ParseRunPlace(request.Header("last-event-id"))) {
    const std::optional<Job> job = service.jobs->runner().Find(place->job);
    if (!job) return HttpResponse{.status = 204, .body = {}, .headers = {}};
    return RunResponse(service, *job, place->event, RunOf(service, *job));
  }
  const std::string save = query.Text("save").value_or("0");
  if (save != "0" && save != "1") return Reject("'save' must be 0 or 1");
  const std::optional<std::string> data = query.Text("data") ? query.Text("data") : NewestData(service);
  if (!data) return RunError("the workspace has no data file to measure on; upload one on the page Data");
  Json body = {{"kind", "compare"}, {"data", *data}, {"options", TRY(ReadingOptionsOf(query))}};
  const std::string part = query.Text("part").value_or("all");
  if (part != "all" && part != "test") return Reject("'part' must be all or test");
  if (part == "test") body["options"]["held-out"] = true;
  if (const std::optional<std::string> models = query.Text("models")) body["models"] = NamesOf(*models);
  if (service.workspace_models->FineTuned().empty()) {
    return RunError("the workspace has no model to measure; train one first");
  }
  ApiResult<JobPlan> plan = service.jobs->PlanOf(body, request.key);
  if (!plan && plan.error().status == 404) return RunError(plan.error().message);
  if (!plan) return std::unexpected(plan.error());
  plan->keep_result = save == "1";
  const Job job = TRY(service.jobs->StartAlone(*std::move(plan)));
  Audit(service, request, "jobs.start", job.id, {{"title", job.plan.title}});
  return RunResponse(service, job, 0, RunOf(service, job));
}

ApiError HistoryError(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {.status = 404, .type = "NotFound", .message = error.message};
  return {.status = 503, .type = "Unavailable", .message = error.message};
}

ApiResult<HttpResponse> ListBenchmarks(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, ListQuery()));
  const auto limit = static_cast<size_t>(TRY(query.Integer("limit", 50, 1, 1000)));
  return JsonResponse(service.benchmarks->List(query.Text("before").value_or(""), limit));
}

ApiResult<HttpResponse> Get(const Service& service, const HttpRequest& request) {
  const Result<Json> run = service.benchmarks->Read(request.parameters.front());
  if (!run) return std::unexpected(HistoryError(run.error()));
  return JsonResponse(*run);
}

ApiResult<HttpResponse> Remove(const Service& service, const HttpRequest& request) {
  const Result<void> removed = service.benchmarks->Remove(request.parameters.front());
  if (!removed) return std::unexpected(HistoryError(removed.error()));
  Audit(service, request, "benchmarks.delete", request.parameters.front());
  return HttpResponse{.status = 204, .body = "", .headers = {}};
}

Json SummarySchema() {
  return ParsedJson(R"({"type": "object", "required": ["id", "time", "data", "models"], "properties": {
    "id": {"type": "string", "description": "ID of the run: that of its job"}, "time": {"type": "string", "description": "When it was measured"},
    "data": {"type": "string", "description": "Name of the data file"},
    "part": {"type": ["string", "null"], "description": "test: only held-out texts were used; null or all: all texts"},
    "models": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
      "name": {"type": "string", "description": "Name of the model"},
      "kind": {"type": "string", "description": "Kind of the model: transformer, linear or zero-shot"},
      "base_model": {"type": "string", "description": "Base model, or the features of a linear model"},
      "f1_macro": {"type": ["number", "null"], "description": "Macro-F1"},
      "accuracy": {"type": ["number", "null"], "description": "Accuracy"},
      "ms_per_text": {"type": "number", "description": "Median time of a single text, in milliseconds"},
      "size_mb": {"type": "number", "description": "Size of its files in megabytes"},
      "per_class": {"type": "object", "additionalProperties": {"type": ["number", "null"]}, "description": "F1 by label"},
      "error": {"type": "object", "description": "Why the model was not measured"}}}, "description": "The models, the best first"}}})");
}

Json ExampleRun() {
  return ParsedJson(R"({"id": "5c1f0a2b9d3e4f60", "time": "2026-11-28T10:33:47Z", "data": "sms.tsv", "models": [
    {"name": "spam", "f1_macro": 0.98, "accuracy": 0.99, "ms_per_text": 0.8, "per_class": {"ham": 0.99, "spam": 0.97}}]})");
}

Route BenchmarkRoute(const SharedService& service, const char* method, const char* path, const char* summary,
                     SimpleServiceHandler handle) {
  return {.method = method,
          .path = path,
          .role = Role::kAdmin,
          .docs = {.summary = summary,
                   .tag = kBenchmarksTag,
                   .answer = SummarySchema(),
                   .answer_example = ExampleRun(),
                   .errors = {404, 429, 503}},
          .handle = OnFiles(service, handle)};
}

}  // namespace

std::vector<Route> BenchmarkRoutes(const SharedService& service) {
  Route run = BenchmarkRoute(service, "GET", "/api/benchmark/run", "Compares models, and streams how it goes", Run);
  run.docs.description =
      "As /api/finetune/run; the last event is `{\"type\": \"complete\", \"run\"}`, with `run` as in /v1/benchmarks.";
  run.docs.query = RunQuery();
  run.docs.headers = ParsedJson(
      R"({"type": "object", "properties": {"Last-Event-ID": {"type": "string", "description": "ID of the last event that the client has: the run that it is of is watched, and no other one started"}}})");
  run.docs.answer = {{"type", "string"}};
  run.docs.answer_example =
      "id: 5c1f0a2b9d3e4f60:3\ndata: {\"type\":\"progress\",\"message\":\"compare 45 % (120 of 268)\"}\n\n";
  run.docs.answer_types = {"text/event-stream"};
  run.docs.errors = {403, 409, 422, 429, 503};
  run.starts_work = true;
  Route list = BenchmarkRoute(service, "GET", "/v1/benchmarks", "Lists the benchmarks that were kept", ListBenchmarks);
  list.docs.description = "The newest first. /api/benchmark/run?save=1 keeps one.";
  list.docs.query = ListQuery();
  list.docs.answer = {
      {"type", "object"},
      {"required", {"runs", "next"}},
      {"properties",
       {{"runs", {{"type", "array"}, {"items", SummarySchema()}, {"description", "A page of runs"}}},
        {"next", {{"type", {"string", "null"}}, {"description", "'before' of the next page; null: the last page"}}}}}};
  list.docs.answer_example = {{"runs", Json::array({ExampleRun()})}, {"next", nullptr}};
  list.docs.errors = {422, 429};
  Route get = BenchmarkRoute(service, "GET", "/v1/benchmarks/{id}", "Returns a benchmark", Get);
  get.docs.description = "The summary and, in `comparison`, what `winnow compare --json` prints.";
  get.docs.answer["properties"]["comparison"] = {{"type", "object"},
                                                 {"description", "What winnow compare --json prints"}};
  Route remove =
      BenchmarkRoute(service, "DELETE", "/v1/benchmarks/{id}", "Removes a benchmark from the history", Remove);
  remove.docs.answer = {};
  remove.docs.answer_example = {};
  remove.docs.status = 204;
  return {std::move(run), std::move(list), std::move(get), std::move(remove)};
}

}  // namespace winnow

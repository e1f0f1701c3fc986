#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/ascii.h"
#include "server/audit.h"
#include "server/file_tasks.h"
#include "server/query_parameters.h"
#include "server/run_stream.h"
#include "server/service.h"
#include "server/workspace_models.h"

namespace winnow {
namespace {

constexpr char kFinetuneTag[] = "Mail tool";
constexpr char kNoData[] = "the workspace has no data file; upload one on the page Data, or put it into WORKSPACE/data";

const Json& RunQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "model": {"type": "string", "description": "Base model: a public one such as minilm, one of the workspace, scratch, or lr or svm for a linear model; left out: minilm"},
    "epochs": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "Number of epochs; left out: 5"},
    "data": {"type": "string", "description": "Data file of the workspace; left out: the one that was changed last"},
    "preset": {"type": "string", "description": "Preset of the training"},
    "labels": {"type": "string", "description": "File of the workspace with the labels of the model, a JSON file; left out: those of the data"},
    "name": {"type": "string", "description": "Name of the new model; left out: made of the base model and the data"}}})");
  return schema;
}

/// A name of a model: what is no letter, digit, '.', '_' or '-' becomes '-'.
std::string ModelName(const std::string& base, const std::string& data) {
  std::string name = base + "-" + std::filesystem::path(data).stem().string();
  for (char& c : name) {
    const bool plain = IsAsciiAlphanumeric(c) || c == '.' || c == '_' || c == '-';
    if (!plain) c = '-';
  }
  const size_t begin = std::min(name.find_first_not_of(".-_"), name.size());
  return name.substr(begin, 60);
}

ApiResult<JobPlan> TrainingOf(const Service& service, const QueryParameters& query, const std::string& data,
                              const std::string& owner) {
  const std::string base = query.Text("model").value_or("minilm");
  const int64_t epochs = TRY(query.Integer("epochs", 5, 1, 1000));
  Json options = Json::object();
  if (base == "lr" || base == "svm") {
    options["kind"] = base;
  } else {
    options["base-model"] = base;
    options["epochs"] = epochs;
  }
  if (const std::optional<std::string> preset = query.Text("preset")) options["preset"] = *preset;
  const std::string name = query.Text("name").value_or(ModelName(base, data));
  JobPlan plan = TRY(service.jobs->PlanOf(
      {{"kind", "train"}, {"data", data}, {"model", name}, {"options", std::move(options)}}, owner));
  TRY(service.workspace_models->CheckFree(name));
  if (const std::optional<std::string> labels = query.Text("labels")) {
    plan.arguments.push_back("--labels=" + TRY(service.jobs->FindData(*labels)).string());
  }
  return plan;
}

/// Names the model that a training has made, by its option --output-dir.
RunResult ModelOf(const Job& job) {
  constexpr std::string_view kOption = "--output-dir=";
  std::string model;
  for (const std::string& argument : job.plan.arguments) {
    if (argument.starts_with(kOption))
      model = std::filesystem::path(argument.substr(kOption.size())).filename().string();
  }
  return [model](Json& complete) { complete["model"] = model; };
}

ApiResult<HttpResponse> Run(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, RunQuery()));
  if (const std::optional<RunPlace> place = ParseRunPlace(request.Header("last-event-id"))) {
    const std::optional<Job> job = service.jobs->runner().Find(place->job);
    if (!job) return HttpResponse{.status = 204, .body = {}, .headers = {}};
    return RunResponse(service, *job, place->event, ModelOf(*job));
  }
  TRY(query.Integer("epochs", 5, 1, 1000));
  const std::optional<std::string> data = query.Text("data") ? query.Text("data") : NewestData(service);
  if (!data) return RunError(kNoData);
  ApiResult<JobPlan> plan = TrainingOf(service, query, *data, request.key);
  if (!plan && plan.error().status == 404) return RunError(plan.error().message + "; upload it on the page Data");
  const Job job = TRY(service.jobs->StartAlone(TRY(std::move(plan))));
  Audit(service, request, "jobs.start", job.id, {{"title", job.plan.title}});
  return RunResponse(service, job, 0, ModelOf(job));
}

ApiResult<HttpResponse> Cancel(const Service& service, const HttpRequest& request) {
  const std::optional<Job> job = service.jobs->Active("train");
  if (!job) return JsonResponse({{"cancelled", false}, {"job", nullptr}});
  const Result<Job> cancelled = service.jobs->runner().Cancel(job->id);
  // One that has ended by itself in this moment needs no cancelling.
  if (!cancelled && cancelled.error().code != ErrorCode::kInvalidArgument) {
    return std::unexpected(JobError(cancelled.error()));
  }
  if (cancelled) Audit(service, request, "jobs.cancel", job->id, {{"title", job->plan.title}});
  return JsonResponse({{"cancelled", cancelled.has_value()}, {"job", job->id}});
}

ApiResult<HttpResponse> Status(const Service& service, const HttpRequest&) {
  return JsonResponse(service.workspace_models->FineTuned());
}

}  // namespace

std::vector<Route> FineTuneRoutes(const SharedService& service) {
  const Json status = ParsedJson(R"({"type": "array", "items": {"type": "object",
    "required": ["name", "base_model", "val_macro_f1", "timestamp", "sample_count"], "properties": {
      "name": {"type": "string", "description": "Name of the model"},
      "base_model": {"type": ["string", "null"], "description": "Base model that was fine-tuned"},
      "val_macro_f1": {"type": ["number", "null"], "description": "Macro-F1 on the validation texts"},
      "timestamp": {"type": ["string", "null"], "description": "When it was trained"}, "sample_count": {"type": ["integer", "null"], "description": "Texts trained on"}}}})");
  const Json cancel = ParsedJson(R"({"type": "object", "required": ["cancelled", "job"], "properties": {
    "cancelled": {"type": "boolean", "description": "False if no training was in progress"},
    "job": {"type": ["string", "null"], "description": "ID of the job"}}})");
  return {
      {.method = "GET",
       .path = "/api/finetune/status",
       .role = Role::kAdmin,
       .docs = {.summary = "Lists the models that were trained, the newest first",
                .tag = kFinetuneTag,
                .answer = status,
                .answer_example = ParsedJson(R"([{"name": "minilm-sms", "base_model": "all-MiniLM-L6-v2",
                  "val_macro_f1": 0.98, "timestamp": "2026-11-28T10:33:47Z", "sample_count": 432}])"),
                .errors = {429}},
       .handle = OnFiles(service, Status)},
      {.method = "GET",
       .path = "/api/finetune/run",
       .role = Role::kAdmin,
       .docs =
           {.summary = "Fine-tunes a model, and streams how it goes",
            .description =
                "Server-sent events: `{\"type\": \"progress\", \"message\"}` with the fields of the job's event, and at the "
                "end `{\"type\": \"complete\", \"model\"}` or `{\"type\": \"error\", \"message\"}`. One training runs at a time. "
                "It goes on when the client is gone; a browser that connects again, with Last-Event-ID, watches the same "
                "training. The request is refused from pages of other sites.",
            .tag = kFinetuneTag,
            .query = RunQuery(),
            .headers = ParsedJson(
                R"({"type": "object", "properties": {"Last-Event-ID": {"type": "string", "description": "ID of the last event that the client has: the run that it is of is watched, and no other one started"}}})"),
            .answer = {{"type", "string"}},
            .answer_example =
                "id: 5c1f0a2b9d3e4f60:3\ndata: {\"type\":\"progress\",\"message\":\"train 45 % (120 of 268)\"}\n\n",
            .errors = {403, 409, 422, 429, 503},
            .answer_types = {"text/event-stream"}},
       .handle = OnFiles(service, Run),
       .starts_work = true},
      {.method = "POST",
       .path = "/api/finetune/cancel",
       .role = Role::kAdmin,
       .docs = {.summary = "Ends the training that is in progress",
                .tag = kFinetuneTag,
                .answer = cancel,
                .answer_example = ParsedJson(R"({"cancelled": true, "job": "5c1f0a2b9d3e4f60"})"),
                .errors = {503}},
       .handle = Handler(service, Cancel)}};
}

}  // namespace winnow

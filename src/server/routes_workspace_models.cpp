#include "server/audit.h"
#include "server/event_streams.h"
#include "server/file_tasks.h"
#include "server/query_parameters.h"
#include "server/service.h"
#include "server/workspace_models.h"

namespace winnow {
namespace {

constexpr char kWorkspaceModelsTag[] = "Workspace";

ApiResult<HttpResponse> ListWorkspaceModels(const Service& service, const HttpRequest&) {
  return JsonResponse({{"models", service.workspace_models->List()}});
}

ApiResult<HttpResponse> GetModel(const Service& service, const HttpRequest& request) {
  return JsonResponse(TRY(service.workspace_models->Describe(request.parameters.front())));
}

ApiResult<HttpResponse> RemoveModel(const Service& service, const HttpRequest& request) {
  TRY(service.workspace_models->Remove(request.parameters.front()));
  Audit(service, request, "models.delete", request.parameters.front());
  service.events->Publish("models", Json::object());
  return HttpResponse{.status = 204, .body = "", .headers = {}};
}

ApiResult<HttpResponse> RestoreModel(const Service& service, const HttpRequest& request) {
  TRY(service.workspace_models->Restore(request.parameters.front()));
  Audit(service, request, "models.restore", request.parameters.front());
  service.events->Publish("models", Json::object());
  return JsonResponse(TRY(service.workspace_models->Describe(request.parameters.front())));
}

const Json& SwitchesQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "Maximum number of switches; left out: 50"}}})");
  return schema;
}

ApiResult<HttpResponse> ListSwitches(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, SwitchesQuery()));
  const auto limit = static_cast<size_t>(TRY(query.Integer("limit", 50, 1, 1000)));
  return JsonResponse({{"switches", service.workspace_models->Switches(limit)}});
}

Json WorkspaceModelSchema(bool whole) {
  Json schema = ParsedJson(R"({"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string", "description": "Name of the directory in WORKSPACE/models"},
    "version": {"type": "string", "description": "Its version"},
    "kind": {"type": "string", "description": "transformer, lr or svm"},
    "base_model": {"type": ["string", "null"], "description": "Base model that was fine-tuned"},
    "labels": {"type": "array", "items": {"type": "string"}, "description": "Labels in the order of their IDs"},
    "texts": {"type": ["integer", "null"], "description": "Number of texts that it was trained on"},
    "f1_macro": {"type": ["number", "null"], "description": "Macro-F1 on the test texts of its training"},
    "accuracy": {"type": ["number", "null"], "description": "Accuracy on the same texts"},
    "val_f1_macro": {"type": ["number", "null"], "description": "Macro-F1 on the validation texts"},
    "trained": {"type": ["string", "null"], "description": "When it was trained"},
    "size_mb": {"type": "number", "description": "Size of its files, in MB"},
    "quantized": {"type": "boolean", "description": "Whether INT8 weights answer"},
    "default": {"type": "boolean", "description": "Whether it answers requests that name no model"},
    "loaded": {"type": "boolean", "description": "Whether it is in memory"},
    "error": {"type": "string", "description": "Why it cannot be used; the other fields are then absent"}}})");
  if (!whole) return schema;
  schema["properties"]["card"] = {{"type", "string"}, {"description", "Its model card, in Markdown"}};
  schema["properties"]["training_info"] = {{"type", "object"}, {"description", "training_info.json"}};
  schema["properties"]["manifest"] = {{"type", "object"},
                                      {"description", "winnow.json without the digests of the files"}};
  return schema;
}

Json ExampleModel() {
  return ParsedJson(R"({"name": "spam", "version": "1.0.0", "kind": "transformer", "base_model": "all-MiniLM-L6-v2",
    "labels": ["ham", "spam"], "texts": 432, "f1_macro": 0.9916, "accuracy": 0.9917, "val_f1_macro": 1.0,
    "trained": "2026-11-28T10:33:47Z", "size_mb": 91.6, "quantized": false, "default": true, "loaded": true})");
}

Route ModelRoute(const SharedService& service, const char* method, const char* path, const char* summary,
                 SimpleServiceHandler handle) {
  return {.method = method,
          .path = path,
          .role = Role::kAdmin,
          .docs = {.summary = summary,
                   .tag = kWorkspaceModelsTag,
                   .answer = WorkspaceModelSchema(/*whole=*/true),
                   .answer_example = ExampleModel(),
                   .errors = {404, 429}},
          .handle = OnFiles(service, handle)};
}

}  // namespace

std::vector<Route> WorkspaceModelRoutes(const SharedService& service) {
  constexpr char kModel[] = "/v1/workspace/models/{name}";
  Route list =
      ModelRoute(service, "GET", "/v1/workspace/models", "Lists the models of the workspace", ListWorkspaceModels);
  list.docs.answer = {{"type", "object"},
                      {"required", {"models"}},
                      {"properties",
                       {{"models",
                         {{"type", "array"},
                          {"items", WorkspaceModelSchema(/*whole=*/false)},
                          {"description", "The models in the order of their names"}}}}}};
  list.docs.answer_example = {{"models", Json::array({ExampleModel()})}};
  list.docs.errors = {429};
  Route remove = ModelRoute(service, "DELETE", kModel, "Moves a model to the trash", RemoveModel);
  remove.docs.description =
      "The model serves no more. It stays in the trash of the workspace until another model of the same name is removed.";
  remove.docs.answer = {};
  remove.docs.answer_example = {};
  remove.docs.status = 204;
  remove.docs.errors = {404, 409, 429, 503};
  Route restore = ModelRoute(service, "POST", "/v1/workspace/models/{name}/restore",
                             "Brings a model back from the trash", RestoreModel);
  restore.docs.errors = {404, 409, 429, 503};
  Route switches = ModelRoute(service, "GET", "/v1/workspace/switches",
                              "Lists which model was made the default, and when", ListSwitches);
  switches.docs.description =
      "The newest first. POST /models/switch adds to the list; the first one is the default after a restart, too.";
  switches.docs.query = SwitchesQuery();
  switches.docs.answer = ParsedJson(R"({"type": "object", "required": ["switches"], "properties": {
    "switches": {"type": "array", "items": {"type": "object", "required": ["time", "model", "by"], "properties": {
      "time": {"type": "string", "description": "When"}, "model": {"type": "string", "description": "The model, as POST /models/switch had it"},
      "by": {"type": "string", "description": "Name of the API key, or empty"}}}, "description": "The newest first"}}})");
  switches.docs.answer_example =
      ParsedJson(R"({"switches": [{"time": "2026-11-28T10:33:47Z", "model": "spam", "by": "anna"}]})");
  switches.docs.errors = {422, 429};
  return {std::move(list), ModelRoute(service, "GET", kModel, "Returns a model with its card", GetModel),
          std::move(remove), std::move(restore), std::move(switches)};
}

}  // namespace winnow

#include <fmt/chrono.h>

#include <chrono>

#include "base/json_schema.h"
#include "base/log.h"
#include "server/audit.h"
#include "server/event_streams.h"
#include "server/service.h"
#include "server/workspace_models.h"

namespace winnow {
namespace {

std::string Timestamp(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Json ModelJson(const ModelSet::Entry& entry) {
  Json model = {{"name", entry.name},
                {"version", entry.version},
                {"aliases", entry.aliases},
                {"kind", entry.kind},
                {"weights", entry.weights},
                {"labels", entry.labels},
                {"positive_label", entry.positive_label},
                {"text_template", entry.text_template},
                {"default", entry.is_default},
                {"state", NameOf(entry.state)},
                {"size_bytes", entry.size_bytes},
                {"memory_bytes", entry.memory_bytes},
                {"metrics", entry.metrics},
                {"path", entry.directory},
                {"last_used", entry.last_used ? Json(Timestamp(*entry.last_used)) : Json()}};
  if (!entry.error.empty()) model["error"] = entry.error;
  return model;
}

/// What went wrong while a version was pulled is in the log: it contains addresses.
Json RegistryJson(const FollowerStatus& status) {
  Json failures = Json::array();
  for (const FollowFailure& failure : status.failures) {
    failures.push_back(
        {{"name", failure.wanted.name},
         {"alias", failure.wanted.alias},
         {"version", failure.wanted.version},
         {"error",
          failure.loading ? failure.error : "the version could not be pulled; the server's log has the reason"}});
  }
  return {{"reachable", status.reachable}, {"switches", status.switches}, {"failures", std::move(failures)}};
}

ApiResult<HttpResponse> ListModels(const Service& service, const HttpRequest&) {
  Json list = Json::array();
  for (const ModelSet::Entry& entry : service.models->List()) list.push_back(ModelJson(entry));
  Json json = {{"models", std::move(list)}};
  if (service.registry) json["registry"] = RegistryJson(service.registry->status());
  return JsonResponse(json);
}

Json RegistrySchema() {
  return {{"type", "object"},
          {"description", "The registry that the server follows; absent if it follows none"},
          {"required", {"reachable", "switches", "failures"}},
          {"properties",
           {{"reachable", {{"type", "boolean"}, {"description", "Whether the registry answered the last time"}}},
            {"switches", {{"type", "integer"}, {"description", "Changes of aliases that the server has followed"}}},
            {"failures",
             {{"type", "array"},
              {"description", "Aliases that do not mean what the registry says; the version before goes on serving"},
              {"items",
               {{"type", "object"},
                {"required", {"name", "alias", "version", "error"}},
                {"properties",
                 {{"name", {{"type", "string"}, {"description", "Name of the model"}}},
                  {"alias", {{"type", "string"}, {"description", "The alias"}}},
                  {"version", {{"type", "string"}, {"description", "The version that it should mean"}}},
                  {"error", {{"type", "string"}, {"description", "Why it does not"}}}}}}}}}}}};
}

const Json& SwitchSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["model"], "properties": {
      "model": {"type": "string", "minLength": 1, "description": "NAME, NAME:VERSION or NAME@ALIAS"}}})");
  return schema;
}

ApiResult<void> SwitchModel(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits, SwitchSchema()));
  const Json* const model = body.Find("model");
  if (model == nullptr || !model->is_string() || model->str().empty()) {
    return Reject("'model' must be a model's name: \"spam\", \"spam:1.2.0\" or \"spam@champion\"");
  }
  service->models->Switch(
      model->str(), [service, request, reply, spec = model->str()](const ApiResult<ModelSet::Model>& found) {
        if (!found) return reply(found.error().Response());
        service->events->Publish("models", Json::object());
        if (service->workspace_models) {
          const Result<void> kept = service->workspace_models->KeepSwitch(spec, request->key);
          if (!kept) LogWarning("the default model will not be the same after a restart: {}", kept.error().message);
        }
        Audit(*service, *request, "models.switch", (*found)->name(), {{"version", (*found)->version()}});
        reply(JsonResponse({{"model", (*found)->name()}, {"version", (*found)->version()}, {"default", true}}));
      });
  return {};
}

Json StringSchema(const char* description) { return {{"type", "string"}, {"description", description}}; }

Json BytesSchema(const char* description) {
  return {{"type", "integer"}, {"minimum", 0}, {"description", description}};
}

Json ModelSchema() {
  return ObjectSchema(
      {{"name", StringSchema("Name from the manifest, or from the directory if the manifest cannot be read")},
       {"version", StringSchema("Semantic version; empty if the manifest cannot be read")},
       {"aliases", StringsSchema("Aliases: every ALIAS for which NAME@ALIAS currently refers to this model")},
       {"kind", StringSchema("transformer, lr or svm")},
       {"weights", StringSchema("linear, f32, int8, or int8 with some layers in bf16")},
       {"labels", StringsSchema("Labels in the order of their IDs")},
       {"positive_label", StringSchema("Label that thresholds and false positives are about, such as spam, or empty")},
       {"text_template", StringSchema("Text template that makes a text of the fields of a row, or empty")},
       {"default", {{"type", "boolean"}, {"description", "Whether requests that name no model use this one"}}},
       {"state",
        {{"type", "string"},
         {"enum", {"loaded", "unloaded", "loading", "failed"}},
         {"description",
          "An unloaded model is loaded on the next request for it, unless it was unloaded through the API (POST .../unload)"}}},
       {"size_bytes", BytesSchema("Total size of the model's files, in bytes")},
       {"memory_bytes",
        BytesSchema("Approximate memory use of the loaded model in bytes, without the memory of batches")},
       {"metrics",
        {{"type", "object"},
         {"additionalProperties", {{"type", "number"}}},
         {"description", "Metrics of the training run by name, such as accuracy and f1_macro"}}},
       {"path", StringSchema("Name of the model's directory")},
       {"last_used",
        {{"type", {"string", "null"}},
         {"format", "date-time"},
         {"description", "Time of the last request for this model, or null"}}},
       {"error", StringSchema("Error of the last failed load; a model that is already loaded stays in use")}},
      {"error"});
}

}  // namespace

std::vector<Route> ModelRoutes(const SharedService& service) {
  return {{.method = "GET",
           .path = "/models",
           .role = Role::kClassify,  // it tells what the server has and how it fares
           .docs = {.summary = "Lists all models",
                    .description = "Includes models that are not loaded, with the error if loading failed.",
                    .tag = "Models",
                    .answer = ObjectSchema({{"models",
                                             {{"type", "array"},
                                              {"items", ModelSchema()},
                                              {"description", "All models, in the order of their directories"}}},
                                            {"registry", RegistrySchema()}},
                                           {"registry"}),
                    .answer_example = ParsedJson(R"({"models": [{
                  "name": "spam", "version": "1.0.0", "aliases": ["champion"], "kind": "transformer", "weights": "f32",
                  "labels": ["ham", "spam"], "positive_label": "spam", "text_template": "", "default": true,
                  "state": "loaded", "size_bytes": 91619396, "memory_bytes": 102051899,
                  "metrics": {"accuracy": 0.975, "f1_macro": 0.9737}, "path": "spam",
                  "last_used": "2026-11-28T10:33:47Z"}]})")},
           .handle = Handler(service, ListModels)},
          {.method = "POST",
           .path = "/models/switch",
           .role = Role::kAdmin,
           .docs = {.summary = "Makes a model the default",
                    .description =
                        "The model is loaded first; until then, requests use the previous default. `spam` follows the "
                        "highest version, `spam@champion` follows the alias, `spam:1.2.0` is fixed.",
                    .tag = "Models",
                    .request = SwitchSchema(),
                    .answer = ObjectSchema({{"model", StringSchema("Name of the model")},
                                            {"version", StringSchema("Version of the model")},
                                            {"default", {{"type", "boolean"}, {"description", "Always true"}}}}),
                    .example = {{"model", "spam:1.2.0"}},
                    .answer_example = {{"model", "spam"}, {"version", "1.2.0"}, {"default", true}},
                    .errors = {400, 404, 422, 503}},
           .handle = Handler(service, SwitchModel)}};
}

}  // namespace winnow

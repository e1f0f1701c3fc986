#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>

#include "server/service.h"

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

ApiResult<HttpResponse> ListModels(const Service& service, const HttpRequest&) {
  Json list = Json::array();
  for (const ModelSet::Entry& entry : service.models->List()) list.push_back(ModelJson(entry));
  return JsonResponse({{"models", list}});
}

ApiResult<void> SwitchModel(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits));
  const Json* const model = body.Find("model");
  if (model == nullptr || !model->is_string() || model->str().empty()) {
    return Reject("'model' must be a model's name: \"spam\", \"spam:1.2.0\" or \"spam@champion\"");
  }
  service->models->Switch(model->get<std::string>(), [reply](const ApiResult<ModelSet::Model>& found) {
    if (!found) return reply(found.error().Response());
    reply(JsonResponse({{"model", (*found)->name()}, {"version", (*found)->version()}, {"default", true}}));
  });
  return {};
}

Json StringSchema(const char* description) { return {{"type", "string"}, {"description", description}}; }

Json BytesSchema(const char* description) {
  return {{"type", "integer"}, {"minimum", 0}, {"description", description}};
}

Json StringsSchema(const char* description) {
  return {{"type", "array"}, {"items", {{"type", "string"}}}, {"description", description}};
}

/// An object that has all of these, save the optional ones.
Json ObjectSchema(Json properties, const std::vector<std::string>& optional = {}) {
  Json required = Json::array();
  for (const auto& [name, schema] : properties.items()) {
    if (std::ranges::find(optional, name) == optional.end()) required.push_back(name);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Json ModelSchema() {
  return ObjectSchema(
      {{"name", StringSchema("From its manifest; its directory's where there is none that can be read")},
       {"version", StringSchema("A semantic version; empty where the manifest can't be read")},
       {"aliases", StringsSchema("ALIAS of the names NAME@ALIAS that mean it now")},
       {"kind", StringSchema("transformer, lr or svm")},
       {"weights", StringSchema("linear, f32, int8, or int8 with some layers bf16")},
       {"labels", StringsSchema("By id")},
       {"text_template", StringSchema("How a text is made of a row of data; or empty")},
       {"default", {{"type", "boolean"}, {"description", "Answers where no model is named"}}},
       {"state",
        {{"type", "string"},
         {"enum", {"loaded", "unloaded", "loading", "failed"}},
         {"description", "An unloaded one is loaded when it is asked for, unless it was unloaded on request"}}},
       {"size_bytes", BytesSchema("Of its files")},
       {"memory_bytes", BytesSchema("That it takes while it is loaded, about; without scratch of batches")},
       {"metrics",
        {{"type", "object"},
         {"additionalProperties", {{"type", "number"}}},
         {"description", "Of its training, by name: accuracy, f1_macro ..."}}},
       {"path", StringSchema("The last part of its directory's path")},
       {"last_used", {{"type", {"string", "null"}}, {"format", "date-time"}}},
       {"error", StringSchema("Of the last load that failed; a model that is loaded goes on answering")}},
      {"error"});
}

}  // namespace

std::vector<Route> ModelRoutes(const SharedService& service) {
  return {
      {.method = "GET",
       .path = "/models",
       .role = Role::kClassify,  // it tells what the server has and how it fares
       .docs = {.summary = "All models",
                .description = "What there is, also what is not loaded now, and why not.",
                .tag = "Models",
                .answer = ObjectSchema({{"models", {{"type", "array"}, {"items", ModelSchema()}}}})},
       .handle = Handler(service, ListModels)},
      {.method = "POST",
       .path = "/models/switch",
       .role = Role::kAdmin,
       .docs = {.summary = "Makes a model the default",
                .description = "The model is loaded first; requests meanwhile are answered by the one before. "
                               "`spam` follows its highest version, `spam@champion` what the alias means, "
                               "`spam:1.2.0` is this one.",
                .tag = "Models",
                .request = ObjectSchema(
                    {{"model",
                      {{"type", "string"}, {"minLength", 1}, {"description", "NAME, NAME:VERSION or NAME@ALIAS"}}}}),
                .answer = ObjectSchema({{"model", StringSchema("Its name")},
                                        {"version", StringSchema("Its version")},
                                        {"default", {{"type", "boolean"}}}}),
                .example = {{"model", "spam:1.2.0"}},
                .errors = {400, 404, 422, 503}},
       .handle = Handler(service, SwitchModel)}};
}

}  // namespace winnow

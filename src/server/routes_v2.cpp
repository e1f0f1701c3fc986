/// The Open Inference Protocol, version 2, that clients of KServe, Triton, Seldon and MLServer speak (v2_tensors.h).
#include <algorithm>
#include <optional>
#include <utility>

#include "server/decision_fields.h"
#include "server/service.h"
#include "server/v2_tensors.h"

namespace winnow {
namespace {

constexpr char kV2Tag[] = "Open Inference Protocol (KServe v2)";

std::unexpected<ApiError> UnknownVersion() { return Reject(404, "NotFound", "no model has this name and version"); }

/// A model as paths name it: /v2/models/{model}[/versions/{version}].
struct Named {
  std::string model, version;

  /// As ModelSet::Use takes it. Errors: 404 if the path gives the version twice.
  ApiResult<std::string> Spec() const {
    if (version.empty()) return model;
    if (model.find_first_of(":@") != std::string::npos || version.find_first_of(":@") != std::string::npos) {
      return UnknownVersion();
    }
    return model + ":" + version;
  }
};

Named NamedIn(const HttpRequest& request) {
  return {request.parameters.at(0), request.parameters.size() > 1 ? request.parameters[1] : ""};
}

// What needs more than a model in hand, in one place: the set of models as it is listed.

/// Whether the model answers without being loaded first; nothing where there is none of that name.
std::optional<bool> ModelIsReady(const ModelSet& models, const Named& named) {
  std::optional<bool> ready;
  for (const ModelSet::Entry& entry : models.List()) {
    const std::string full = entry.name + ":" + entry.version;
    const bool alias = std::ranges::any_of(
        entry.aliases, [&](const std::string& name) { return named.model == entry.name + "@" + name; });
    const bool meant = named.version.empty() ? named.model == entry.name || named.model == full || alias
                                             : named.model == entry.name && named.version == entry.version;
    if (meant) ready = ready.value_or(false) || entry.model != nullptr;
  }
  return ready;
}

std::vector<std::string> VersionsOf(const ModelSet& models, std::string_view name) {
  std::vector<std::string> versions;
  for (const ModelSet::Entry& entry : models.List()) {
    // Of two directories with the same name and version, one has only an error.
    if (entry.name == name && std::ranges::find(versions, entry.version) == versions.end()) {
      versions.push_back(entry.version);
    }
  }
  return versions;
}

/// READY, LOADING or UNAVAILABLE, as Triton has it.
const char* StateOf(const ModelSet::Entry& entry) {
  if (entry.model) return "READY";
  return entry.state == ModelState::kLoading ? "LOADING" : "UNAVAILABLE";
}

Json Index(const ModelSet& models, bool ready_only) {
  Json list = Json::array();
  for (const ModelSet::Entry& entry : models.List()) {
    if (ready_only && !entry.model) continue;
    list.push_back(
        {{"name", entry.name}, {"version", entry.version}, {"state", StateOf(entry)}, {"reason", entry.error}});
  }
  return list;
}

/// What tritonclient sends; a configuration in place of the model's own is refused.
const Json& ChangeSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "properties": {
      "parameters": {"type": ["object", "null"], "description": "Options of the request", "additionalProperties": false,
        "properties": {"unload_dependents": {"description": "Accepted, without effect"}}}}})");
  return schema;
}

ApiResult<void> ChangeModel(const Service& service, const SharedRequest& request, bool load, const HttpReply& reply) {
  if (!request->body.empty()) TRY(ParseBody(*request, service.limits, ChangeSchema()));
  const std::string& name = request->parameters.at(0);
  const ModelSet::Done done = [reply](const ApiResult<void>& changed) {
    reply(changed ? JsonResponse(Json::object()) : changed.error().Response());
  };
  load ? service.models->Load(name, done) : service.models->Unload(name, done);
  return {};
}

ApiResult<void> LoadModel(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  return ChangeModel(*service, request, /*load=*/true, reply);
}

ApiResult<void> UnloadModel(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  return ChangeModel(*service, request, /*load=*/false, reply);
}

// What follows goes by ModelSet::Use alone.

ApiResult<void> Infer(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Named named = NamedIn(*request);
  const std::string spec = TRY(named.Spec());
  V2Request call = TRY(ReadV2Request(request->body, request->Header(kInferenceHeader), service->limits));
  if (!call.model_name.empty() && call.model_name != named.model) {
    return Reject("'model_name' must be the model in the path, or absent");
  }
  ServedModel::Request texts = {.texts = {}, .options = call.options};
  for (std::string& text : std::exchange(call.texts, {})) texts.texts.push_back(WithoutSeparators(std::move(text)));
  if (call.timeout) texts.deadline = request->arrived + *call.timeout;
  UseModel(*service, spec, reply,
           [service, request, reply, texts = std::move(texts),
            call = std::move(call)](const ModelSet::Model& model) mutable -> ApiResult<void> {
             TRY(CheckDecisionFields(call.options, model->classifier()));
             ClassifyAndReply(
                 *service, model, *request, std::move(texts), reply,
                 [model, call = std::move(call)](const std::vector<ClassifiedText>& results, const ServedTimes&) {
                   const BundleClassifier& classifier = model->classifier();
                   const ScopeRule* const scope = classifier.scope_rule();
                   return WriteV2Answer({.name = model->name(),
                                         .version = model->version(),
                                         .labels = classifier.labels(),
                                         .multi_label = classifier.multi_label(),
                                         .out_of_scope = scope == nullptr ? "" : std::string_view(scope->label)},
                                        call, results);
                 });
             return {};
           });
  return {};
}

Json Tensor(const char* name, const char* datatype, const std::vector<int64_t>& shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", shape}};
}

ApiResult<void> Metadata(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  UseModel(*service, TRY(NamedIn(*request).Spec()), reply,
           [service, reply](const ModelSet::Model& model) -> ApiResult<void> {
             const BundleClassifier& classifier = model->classifier();
             const auto labels = static_cast<int64_t>(classifier.labels().size());
             Json outputs = Json::array({Tensor("label", "BYTES", {-1}), Tensor("score", "FP32", {-1}),
                                         Tensor("scores", "FP32", {-1, labels})});
             if (classifier.multi_label()) outputs.push_back(Tensor("decision", "BYTES", {-1}));
             reply(JsonResponse({{"name", model->name()},
                                 {"versions", VersionsOf(*service->models, model->name())},
                                 {"platform", "winnow_" + classifier.manifest().kind},
                                 {"inputs", Json::array({Tensor("text", "BYTES", {-1})})},
                                 {"outputs", std::move(outputs)},
                                 {"labels", classifier.labels()}}));
             return {};
           });
  return {};
}

ApiResult<HttpResponse> Ready(const Service& service, const HttpRequest& request) {
  const Named named = NamedIn(request);
  const std::optional<bool> ready = ModelIsReady(*service.models, named);
  if (!ready) return UnknownVersion();
  if (!*ready)
    return Reject(503, "Unavailable", "the model is not loaded; load it with POST /v2/repository/models/NAME/load");
  return JsonResponse({{"name", named.model}, {"ready", true}});
}

const Json& IndexSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "properties": {
      "ready": {"type": ["boolean", "null"], "default": false, "description": "true: list only models that are loaded"}}})");
  return schema;
}

ApiResult<HttpResponse> RepositoryIndex(const Service& service, const HttpRequest& request) {
  bool ready_only = false;
  if (!request.body.empty()) {  // Triton's client sends none; else {"ready": true} leaves out what is not loaded
    ready_only = TRY(FlagOr(TRY(ParseBody(request, service.limits, IndexSchema())), "ready", false));
  }
  return JsonResponse(Index(*service.models, ready_only));
}

ApiResult<HttpResponse> ServerReady(const Service& service, const HttpRequest&) {
  if (!IsReady(service)) return Reject(503, "Unavailable", "the default model cannot be loaded");
  return JsonResponse({{"ready", true}});
}

Json ServerJson() {
  return {{"name", "winnow"},
          {"version", WINNOW_VERSION},
          {"extensions", {"binary_tensor_data", "classification", "model_repository"}}};
}

// Documentation.

Json ObjectOf(Json properties, Json required) {
  return {{"type", "object"}, {"required", std::move(required)}, {"properties", std::move(properties)}};
}

Json Of(const char* type, const char* description) { return {{"type", type}, {"description", description}}; }

Json ListOf(Json items, const char* description) {
  return {{"type", "array"}, {"items", std::move(items)}, {"description", description}};
}

Json TensorSchema(bool with_data) {
  Json properties = {
      {"name", Of("string", "Name of the tensor")},
      {"datatype", {{"enum", {"BYTES", "FP32"}}, {"description", "BYTES: strings; FP32: numbers"}}},
      {"shape", ListOf({{"type", "integer"}}, "Size of each dimension; -1 stands for the number of texts")}};
  if (with_data) {
    properties["shape"]["description"] = "Size of each dimension; the first is the number of texts";
    properties["data"] = ListOf({{"type", {"string", "number"}}}, "Elements, row by row; absent for binary data");
    properties["parameters"] = Of("object", "For binary data: binary_data_size, its number of bytes");
  }
  return ObjectOf(properties, {"name", "datatype", "shape"});
}

RouteDocs InferDocs() {
  return {
      .summary = "Classifies texts given as tensors",
      .description =
          "The request has one tensor, `text`; the response has `label`, `score` and `scores` (all "
          "probabilities, in the order of the labels in the model's metadata). A multi-label model has `decision` too: the "
          "decided labels of each text, joined by commas; its `label` is the most probable one.\n\nThe binary data extension is "
          "supported in both directions: `Inference-Header-Content-Length` is the number of bytes of JSON in "
          "the body, which the binary data follow. If it is 0, the whole body is one text.",
      .tag = kV2Tag,
      .request = V2RequestSchema(),
      .answer = ObjectOf({{"model_name", Of("string", "Name of the model that was used")},
                          {"model_version", Of("string", "Version of that model")},
                          {"id", Of("string", "ID of the request; present if the request has one")},
                          {"outputs", ListOf(TensorSchema(true), "Outputs in the order of the request")}},
                         {"model_name", "model_version", "outputs"}),
      .example = ParsedJson(R"({"inputs": [{"name": "text", "shape": [2], "datatype": "BYTES",
                                     "data": ["You won a prize, claim it now", "See you at lunch"]}]})"),
      .answer_example = ParsedJson(R"({"model_name": "spam", "model_version": "1.0.0", "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["spam", "ham"]},
            {"name": "score", "datatype": "FP32", "shape": [2], "data": [0.8551, 0.002024]},
            {"name": "scores", "datatype": "FP32", "shape": [2, 2], "data": [0.1449, 0.8551, 0.998, 0.002024]}]})"),
      .errors = {404},
      .answer_types = {"application/json", "application/octet-stream"}};
}

RouteDocs MetadataDocs() {
  return {.summary = "Describes the inputs and outputs of a model",
          .description = "`labels` are the names of the columns of `scores`.",
          .tag = kV2Tag,
          .answer = ObjectOf({{"name", Of("string", "Name of the model")},
                              {"versions", ListOf({{"type", "string"}}, "All versions of the model")},
                              {"platform", Of("string", "winnow_ followed by the kind of the model")},
                              {"inputs", ListOf(TensorSchema(false), "The only input, the texts")},
                              {"outputs", ListOf(TensorSchema(false), "Outputs that a request can select")},
                              {"labels", ListOf({{"type", "string"}}, "Labels in the order of their IDs")}},
                             {"name", "versions", "platform", "inputs", "outputs", "labels"}),
          .answer_example = ParsedJson(R"({"name": "spam", "versions": ["1.0.0"], "platform": "winnow_transformer",
            "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
            "outputs": [{"name": "label", "datatype": "BYTES", "shape": [-1]},
                        {"name": "score", "datatype": "FP32", "shape": [-1]},
                        {"name": "scores", "datatype": "FP32", "shape": [-1, 2]}],
            "labels": ["ham", "spam"]})"),
          .errors = {404}};
}

RouteDocs ReadyDocs() {
  return {.summary = "Reports whether a model is loaded",
          .tag = kV2Tag,
          .answer = ObjectOf({{"name", Of("string", "Name of the model")},
                              {"ready", Of("boolean", "Always true; a model that is not loaded gets status 503")}},
                             {"name", "ready"}),
          .answer_example = {{"name", "spam"}, {"ready", true}},
          .errors = {404, 503}};
}

RouteDocs ChangeDocs(const char* summary) {
  return {.summary = summary,
          .tag = kV2Tag,
          .request = ChangeSchema(),
          .answer = {{"type", "object"}},
          .request_optional = true,
          .answer_example = Json::object(),
          .errors = {404, 503}};
}

RouteDocs ServerDocs() {
  return {.summary = "Describes the server",
          .tag = kV2Tag,
          .answer = ObjectOf({{"name", Of("string", "Always \"winnow\"")},
                              {"version", Of("string", "Version of Winnow")},
                              {"extensions", ListOf({{"type", "string"}}, "Extensions of the protocol")}},
                             {"name", "version", "extensions"}),
          .answer_example = ServerJson()};
}

RouteDocs IndexDocs() {
  return {.summary = "Lists all models",
          .tag = kV2Tag,
          .request = IndexSchema(),
          .answer = ListOf(ObjectOf({{"name", Of("string", "Name of the model")},
                                     {"version", Of("string", "Version of the model")},
                                     {"state", Of("string", "READY, LOADING or UNAVAILABLE")},
                                     {"reason", Of("string", "Error of the last failed load, or empty")}},
                                    {"name", "version", "state", "reason"}),
                           "All models, in the order of their directories"),
          .request_optional = true,
          .answer_example = ParsedJson(R"([{"name": "spam", "version": "1.0.0", "state": "READY", "reason": ""}])")};
}

}  // namespace

std::vector<Route> V2Routes(const SharedService& service) {
  const auto always = [](const Json& answer) {
    return [answer = answer.dump()](const SharedRequest&, const HttpReply& reply) {
      reply({.body = answer, .headers = {}});
    };
  };
  std::vector<Route> routes = {
      {.method = "GET", .path = "/v2", .role = Role::kPublic, .docs = ServerDocs(), .handle = always(ServerJson())},
      {.method = "GET",
       .path = "/v2/health/live",
       .role = Role::kPublic,
       .docs = {.summary = "Reports whether the server is running",
                .tag = kV2Tag,
                .answer = ObjectOf({{"live", Of("boolean", "Always true")}}, {"live"}),
                .answer_example = {{"live", true}}},
       .handle = always({{"live", true}}),
       .unlimited = true},
      {.method = "GET",
       .path = "/v2/health/ready",
       .role = Role::kPublic,
       .docs = {.summary = "Reports whether the default model is ready",
                .tag = kV2Tag,
                .answer = ObjectOf({{"ready", Of("boolean", "Always true")}}, {"ready"}),
                .answer_example = {{"ready", true}},
                .errors = {503}},
       .handle = Handler(service, ServerReady),
       .unlimited = true},
      {.method = "POST",
       .path = "/v2/repository/index",
       .role = Role::kClassify,
       .docs = IndexDocs(),
       .handle = Handler(service, RepositoryIndex)},
      {.method = "POST",
       .path = "/v2/repository/models/{model}/load",
       .role = Role::kAdmin,
       .docs = ChangeDocs("Loads a model, or reloads it"),
       .handle = Handler(service, LoadModel)},
      {.method = "POST",
       .path = "/v2/repository/models/{model}/unload",
       .role = Role::kAdmin,
       .docs = ChangeDocs("Unloads a model"),
       .handle = Handler(service, UnloadModel)},
  };
  for (const char* const path : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
    const std::string base = path;
    routes.push_back({.method = "GET",
                      .path = base,
                      .role = Role::kClassify,
                      .docs = MetadataDocs(),
                      .handle = Handler(service, Metadata)});
    routes.push_back({.method = "GET",
                      .path = base + "/ready",
                      .role = Role::kPublic,
                      .docs = ReadyDocs(),
                      .handle = Handler(service, Ready)});
    routes.push_back({.method = "POST",
                      .path = base + "/infer",
                      .role = Role::kClassify,
                      .docs = InferDocs(),
                      .handle = Handler(service, Infer)});
  }
  return routes;
}

}  // namespace winnow

/// Routes in the form of OpenAI's API (https://platform.openai.com/docs/api-reference): /v1/models, /v1/moderations.
#include <algorithm>

#include "server/service.h"

namespace winnow {
namespace {

constexpr char kOpenAiTag[] = "OpenAI";

// /v1/models

/// The name by which requests choose the model: NAME, or NAME:VERSION if several models have the name.
std::string IdOf(const ModelSet::Entry& entry, const std::vector<ModelSet::Entry>& all) {
  const auto named = std::ranges::count(all, entry.name, &ModelSet::Entry::name);
  return named == 1 || entry.version.empty() ? entry.name : entry.name + ":" + entry.version;
}

Json OpenAiModelJson(const std::string& id, const ModelSet::Entry& entry) {
  return {{"id", id}, {"object", "model"}, {"created", entry.written}, {"owned_by", "winnow"}};
}

ApiResult<HttpResponse> ListOpenAiModels(const Service& service, const HttpRequest&) {
  const std::vector<ModelSet::Entry> entries = service.models->List();
  Json data = Json::array();
  for (const ModelSet::Entry& entry : entries) {
    if (entry.state != ModelState::kFailed) data.push_back(OpenAiModelJson(IdOf(entry, entries), entry));
  }
  return JsonResponse({{"object", "list"}, {"data", data}});
}

ApiResult<HttpResponse> GetModel(const Service& service, const HttpRequest& request) {
  const std::string& id = request.parameters.front();
  const std::vector<ModelSet::Entry> entries = service.models->List();
  for (const ModelSet::Entry& entry : entries) {
    const auto is_alias = [&](const std::string& alias) { return id == entry.name + "@" + alias; };
    const bool named = id == IdOf(entry, entries) || id == entry.name + ":" + entry.version ||
                       std::ranges::any_of(entry.aliases, is_alias);
    if (named && entry.state != ModelState::kFailed) return JsonResponse(OpenAiModelJson(id, entry));
  }
  return Reject(404, "NotFound", "no model has this name; GET /v1/models lists the models");
}

Json OpenAiModelSchema() {
  return ParsedJson(R"({"type": "object", "required": ["id", "object", "created", "owned_by"], "properties": {
    "id": {"type": "string", "description": "Name of the model in the field model of requests; with its version if several models have the name"},
    "object": {"const": "model", "description": "Always \"model\""},
    "created": {"type": "integer", "description": "Time at which the files of the model were written, in seconds since 1970"},
    "owned_by": {"type": "string", "description": "Always \"winnow\""}}})");
}

RouteDocs ListOpenAiModelsDocs() {
  Json answer = ParsedJson(R"({"type": "object", "required": ["object", "data"], "properties": {
    "object": {"const": "list", "description": "Always \"list\""},
    "data": {"type": "array", "description": "All models that can be used"}}})");
  answer["properties"]["data"]["items"] = OpenAiModelSchema();
  return {.summary = "Lists the models, in the format of OpenAI's API",
          .description = "GET /models says more about them.",
          .tag = kOpenAiTag,
          .answer = answer,
          .answer_example = ParsedJson(R"({"object": "list", "data": [
            {"id": "spam", "object": "model", "created": 1764292427, "owned_by": "winnow"}]})")};
}

RouteDocs GetDocs() {
  return {
      .summary = "Describes a model, in the format of OpenAI's API",
      .tag = kOpenAiTag,
      .answer = OpenAiModelSchema(),
      .answer_example = ParsedJson(R"({"id": "spam", "object": "model", "created": 1764292427, "owned_by": "winnow"})"),
      .errors = {404}};
}

// /v1/moderations

struct ModerationCall {
  std::string model;
  ServedModel::Request request;
};

const Json& ModerationSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["input"], "properties": {
      "input": {"description": "A text, a list of texts, or the parts of one message",
        "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}},
                  {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["type", "text"], "properties": {
                    "type": {"const": "text", "description": "Always \"text\""},
                    "text": {"type": "string", "description": "A part of the message; the parts are joined by line ends"}}}}]},
      "model": {"type": ["string", "null"], "description": "\"toxicity\", \"toxicity@champion\" or \"toxicity:1.2.0\"; left out: the default model"}}})");
  return schema;
}

/// The text of a message in parts. Errors: 422 for a part that is not text.
ApiResult<std::string> JoinedParts(const Json& parts, const ServiceLimits& limits) {
  std::string text;
  for (const Json& part : parts) {
    const Json* const type = part.is_object() ? FindField(part, "type") : nullptr;
    const Json* const piece = part.is_object() ? FindField(part, "text") : nullptr;
    if (type == nullptr || !type->is_string() || type->str() != "text" || piece == nullptr) {
      return Reject(
          R"('input' must be a text, a list of texts, or a list of {"type": "text", "text": ...}; images are not supported)");
    }
    text += (text.empty() ? "" : "\n") + TRY(TextOf(*piece, "input", limits));
    if (text.size() > limits.max_text_bytes) return TooLong("input", limits);
  }
  return text;
}

ApiResult<ModerationCall> ReadModeration(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, ModerationSchema()));
  const Json* const input = FindField(body, "input");
  if (input == nullptr) return Reject("'input' is missing; it must be a text or a list of texts");
  if (input->is_array() && input->empty()) return Reject("'input' is empty");
  ModerationCall call;
  call.model = TRY(StringOr(body, "model", ""));
  if (input->is_array() && input->front().is_object()) {
    call.request.texts.push_back(WithoutSeparators(TRY(JoinedParts(*input, limits))));
    return call;
  }
  const std::vector<std::string> texts = TRY(TextsOf(*input, "input", limits));
  for (const std::string& text : texts) call.request.texts.push_back(WithoutSeparators(text));
  return call;
}

/// Whether a label of the model is a category: each label of a multi-label model, and the positive label of another.
bool IsCategory(const BundleClassifier& classifier, size_t label) {
  return classifier.multi_label() || static_cast<int32_t>(label) == classifier.positive_label();
}

bool IsDecided(const BundleClassifier& classifier, const ClassifiedText& text, size_t label) {
  if (text.out_of_scope) return false;
  const auto id = static_cast<int32_t>(label);
  if (!classifier.multi_label()) return text.decision.label == id;
  return std::ranges::find(text.decision.labels, id) != text.decision.labels.end();
}

Json ModerationJson(const BundleClassifier& classifier, const ClassifiedText& text) {
  Json categories = Json::object(), scores = Json::object(), types = Json::object();
  bool flagged = false;
  for (size_t label = 0; label < classifier.labels().size(); ++label) {
    if (!IsCategory(classifier, label)) continue;
    const std::string& name = classifier.labels()[label];
    const bool decided = IsDecided(classifier, text, label);
    categories[name] = decided;
    scores[name] = text.probabilities[label];
    types[name] = Json::array({"text"});
    flagged = flagged || decided;
  }
  return {{"flagged", flagged},
          {"categories", categories},
          {"category_scores", scores},
          {"category_applied_input_types", types}};
}

ApiResult<void> Moderate(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const auto call = std::make_shared<ModerationCall>(TRY(ReadModeration(*request, service->limits)));
  UseModel(*service, call->model, reply, [service, call, request, reply](const ModelSet::Model& model) -> ApiResult<void> {
    const BundleClassifier& classifier = model->classifier();
    if (!classifier.multi_label() && classifier.positive_label() < 0) {
      return Reject(
          "'model': moderation requires a multi-label model, or a model with a positive label; this model has one label "
          "per text and no positive label (use POST /v1/classify)");
    }
    ClassifyAndReply(*service, model, *request, std::move(call->request), reply,
                     [model, id = "modr-" + request->id](const std::vector<ClassifiedText>& results, const auto&) {
                       return JsonResponse({{"id", id}, {"model", model->name()}}, "results", results.size(),
                                           [&](size_t t) { return ModerationJson(model->classifier(), results[t]); });
                     });
    return {};
  });
  return {};
}

RouteDocs ModerationDocs() {
  return {
      .summary = "Decides which categories texts belong to, in the format of OpenAI's API",
      .description =
          "The categories are the labels of a multi-label model, or the positive label of a model with one label per "
          "text. The decision thresholds of the model decide. Errors have the form of OpenAI's API.",
      .tag = kOpenAiTag,
      .request = ModerationSchema(),
      .answer = ParsedJson(R"({
        "type": "object", "required": ["id", "model", "results"], "properties": {
          "id": {"type": "string", "description": "ID of the request, as in the header X-Request-Id, after \"modr-\""},
          "model": {"type": "string", "description": "Name of the model that was used"},
          "results": {"type": "array", "description": "One result per text, in the order of the request", "items": {
            "type": "object", "required": ["flagged", "categories", "category_scores", "category_applied_input_types"], "properties": {
              "flagged": {"type": "boolean", "description": "Whether any category was decided"},
              "categories": {"type": "object", "additionalProperties": {"type": "boolean"}, "description": "Whether each category was decided"},
              "category_scores": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Probability of each category"},
              "category_applied_input_types": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}, "description": "[\"text\"] for each category"}}}}}})"),
      .example = {{"input", "You won a prize, claim it now"}},
      .answer_example = ParsedJson(R"({"id": "modr-186e159cad2c9138", "model": "spam", "results": [{"flagged": true,
        "categories": {"spam": true}, "category_scores": {"spam": 0.8551}, "category_applied_input_types": {"spam": ["text"]}}]})"),
      .errors = {404}};
}

}  // namespace

std::vector<Route> OpenAiRoutes(const SharedService& service) {
  std::vector<Route> routes;
  const auto add = [&](const char* method, const char* path, RouteDocs docs, HttpHandler handle) {
    routes.push_back({.method = method,
                      .path = path,
                      .role = Role::kClassify,
                      .docs = std::move(docs),
                      .handle = std::move(handle),
                      .error_form = ErrorForm::kOpenAi});
  };
  add("GET", "/v1/models", ListOpenAiModelsDocs(), Handler(service, ListOpenAiModels));
  add("GET", "/v1/models/{model}", GetDocs(), Handler(service, GetModel));
  add("POST", "/v1/moderations", ModerationDocs(), Handler(service, Moderate));
  return routes;
}

}  // namespace winnow

#include <algorithm>

#include "classify/answer_json.h"
#include "server/service.h"

namespace winnow {
namespace {

using Json = nlohmann::ordered_json;

/// One request of /v1/classify, checked.
struct ClassifyCall {
  std::string model;
  std::vector<std::string> texts;
  ClassifyOptions options;
  size_t top_k = 0;
};

std::expected<ClassifyCall, Refusal> ReadCall(const HttpRequest& request, const ServiceLimits& limits) {
  const auto body = ParseBody(request, limits);
  if (!body) return std::unexpected(body.error());
  if (body->contains("text") == body->contains("texts")) {
    return std::unexpected(Refusal{.message = "give either 'text' or 'texts'"});
  }
  ClassifyCall call;
  const char* const name = body->contains("text") ? "text" : "texts";
  auto texts = TextsOf((*body)[name], name, limits);
  if (!texts) return std::unexpected(texts.error());
  call.texts = std::move(*texts);
  if (const auto model = body->find("model"); model != body->end()) {
    if (!model->is_string()) return std::unexpected(Refusal{.message = "'model' must be a string"});
    call.model = model->get<std::string>();
  }
  if (const auto mode = body->find("mode"); mode != body->end()) {
    const Result<Mode> parsed = ParseMode(mode->is_string() ? mode->get<std::string>() : mode->dump());
    if (!parsed) return std::unexpected(Refusal{.message = "'mode' must be strict, moderate or lenient"});
    call.options.mode = *parsed;
  }
  if (const auto top_k = body->find("top_k"); top_k != body->end()) {
    if (!top_k->is_number_integer() || (!top_k->is_number_unsigned() && top_k->get<int64_t>() < 0)) {
      return std::unexpected(Refusal{.message = "'top_k' must be a whole number from 0 on"});
    }
    call.top_k = top_k->get<size_t>();
  }
  return call;
}

HttpResponse Answer(const ServedModel& model, const std::string& id, size_t top_k,
                    const std::vector<ClassifiedText>& texts) {
  const BundleClassifier& classifier = model.classifier();
  const ScopeRule* const scope = classifier.scope_rule();
  const AnswerLabels labels{classifier.labels(), classifier.multi_label(),
                            scope == nullptr ? "" : std::string_view(scope->label)};
  Json results = Json::array();
  for (const ClassifiedText& text : texts) results.push_back(AnswerJson(labels, text, top_k));
  return JsonResponse({{"id", id}, {"model", model.name()}, {"version", model.version()}, {"results", results}});
}

void Classify(const Service& service, const HttpRequest& request, const HttpReply& reply) {
  auto call = ReadCall(request, service.limits);
  if (!call) return reply(call.error().Response());
  ServedModel::Request texts = {.texts = std::move(call->texts), .options = call->options, .client = request.caller};
  service.models->Use(call->model, [texts = std::move(texts), top_k = call->top_k, id = request.id,
                                    reply](const std::expected<ModelSet::Model, Refusal>& model) mutable {
    if (!model) return reply(model.error().Response());
    ClassifyAndReply(*model, std::move(texts), reply,
                     [model = *model, top_k, id](const auto& results) { return Answer(*model, id, top_k, results); });
  });
}

}  // namespace

std::vector<Route> ClassifyRoutes(const SharedService& service) {
  return {{.method = "POST",
           .path = "/v1/classify",
           .role = Role::kClassify,
           .docs = {.summary = "Classifies one text or many", .tag = "Classify"},
           .handle = [service](const SharedRequest& request, const HttpReply& reply) {
             Classify(*service, *request, reply);
           }}};
}

}  // namespace winnow

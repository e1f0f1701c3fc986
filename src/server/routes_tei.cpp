/// What Text Embeddings Inference's clients call: https://huggingface.github.io/text-embeddings-inference.
#include "classify/answer_json.h"
#include "server/service.h"

namespace winnow {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

/// {"text": s}.
void PredictOne(const HttpRequest& request, const ModelSet::Model& model, std::string text, const HttpReply& reply) {
  ClassifyAndReply(model, {.texts = {std::move(text)}, .client = request.caller}, reply,
                   [model, begin = request.arrived](const std::vector<ClassifiedText>& results) {
                     const ClassifiedText& result = results.front();
                     const auto& labels = model->classifier().labels();
                     Json scores = Json::object();
                     for (const size_t i : ByProbability(result.probabilities)) {
                       scores[labels[i]] = result.probabilities[i];
                     }
                     const auto first = AnswerJson({labels, model->classifier().multi_label()}, result, 1);
                     const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
                     return JsonResponse({{"label", first["label"]},
                                          {"confidence", result.decision.confidence},
                                          {"scores", scores},
                                          {"model", model->name()},
                                          {"inference_time_ms", ms}});
                   });
}

/// {"inputs": s | [s] | [[s], ...]}.
void PredictInputs(const HttpRequest& request, const ServiceLimits& limits, const ModelSet::Model& model,
                   nlohmann::json inputs, const HttpReply& reply) {
  const bool batch = inputs.is_array();
  if (batch) {
    for (auto& input : inputs) {
      if (input.is_array() && input.size() == 1) input = nlohmann::json(input[0]);
      if (input.is_array()) {
        return reply(
            Refusal{.message = "'inputs': pairs of texts are for models of pairs, which this is not"}.Response());
      }
    }
  }
  auto texts = TextsOf(inputs, "inputs", limits);
  if (!texts) return reply(texts.error().Response());
  if (texts->empty()) return reply(Refusal{.message = "'inputs' is empty"}.Response());
  ClassifyAndReply(
      model, {.texts = std::move(*texts), .client = request.caller}, reply,
      [model, batch](const std::vector<ClassifiedText>& results) {
        const auto of = [&](const ClassifiedText& text) {
          Json scores = Json::array();
          for (const size_t i : ByProbability(text.probabilities)) {
            scores.push_back({{"score", text.probabilities[i]}, {"label", model->classifier().labels()[i]}});
          }
          return scores;
        };
        if (!batch) return JsonResponse(of(results.front()));
        Json list = Json::array();
        for (const ClassifiedText& text : results) list.push_back(of(text));
        return JsonResponse(list);
      });
}

void Predict(const Service& service, const SharedRequest& request, const HttpReply& reply) {
  auto body = ParseBody(*request, service.limits);
  if (!body) return reply(body.error().Response());
  service.models->Use("", [&service, request, reply,
                           body = std::move(*body)](const std::expected<ModelSet::Model, Refusal>& model) mutable {
    if (!model) return reply(model.error().Response());
    if (const auto text = body.find("text"); text != body.end()) {
      auto checked = TextOf(*text, "text", service.limits);
      if (!checked) return reply(checked.error().Response());
      return PredictOne(*request, *model, std::move(*checked), reply);
    }
    if (!body.contains("inputs")) return reply(Refusal{.message = "give 'inputs' or 'text'"}.Response());
    PredictInputs(*request, service.limits, *model, std::move(body["inputs"]), reply);
  });
}

void Info(const Service& service, const HttpReply& reply) {
  service.models->Use("", [&service, reply](const std::expected<ModelSet::Model, Refusal>& model) {
    if (!model) return reply(model.error().Response());
    Json id2label = Json::object(), label2id = Json::object();
    const BundleClassifier& classifier = (*model)->classifier();
    const auto& labels = classifier.labels();
    for (size_t i = 0; i < labels.size(); ++i) {
      id2label[std::to_string(i)] = labels[i];
      label2id[labels[i]] = i;
    }
    reply(JsonResponse({{"model_id", (*model)->name()},
                        {"model_sha", nullptr},
                        {"model_dtype", classifier.weights()},
                        {"model_type", {{"classifier", {{"id2label", id2label}, {"label2id", label2id}}}}},
                        {"max_input_length", classifier.manifest().max_length},
                        {"max_client_batch_size", service.limits.max_texts},
                        {"version", WINNOW_VERSION}}));
  });
}

}  // namespace

std::vector<Route> TeiRoutes(const SharedService& service) {
  return {
      {.method = "POST",
       .path = "/predict",
       .role = Role::kClassify,
       .docs = {.summary = "Classifies, in the form of Text Embeddings Inference", .tag = "Text Embeddings Inference"},
       .handle = [service](const SharedRequest& request,
                           const HttpReply& reply) { Predict(*service, request, reply); }},
      {.method = "GET",
       .path = "/info",
       .docs = {.summary = "The default model, as Text Embeddings Inference tells it",
                .tag = "Text Embeddings Inference"},
       .handle = [service](const SharedRequest&, const HttpReply& reply) { Info(*service, reply); }},
  };
}

}  // namespace winnow

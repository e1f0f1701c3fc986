#include "server/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "classify/answer_json.h"

namespace winnow {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

HttpResponse JsonResponse(const Json& json) { return {.status = 200, .body = Dump(json), .headers = {}}; }

/// A request that can't be answered as it is.
struct Refusal {
  int status = 422;
  std::string type = "Validation";
  std::string message;

  HttpResponse Response() const { return ErrorResponse(status, type, message); }
};

/// Nesting is counted before parsing, so that it can't exhaust the stack.
bool NestedTooDeep(std::string_view json, int most) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '{' || c == '[') && ++depth > most) return true;
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

std::expected<Json, Refusal> ParseBody(const HttpRequest& request, const ServiceLimits& limits) {
  if (NestedTooDeep(request.body, limits.max_json_depth)) {
    return std::unexpected(
        Refusal{.message = fmt::format("the JSON is nested deeper than {} levels", limits.max_json_depth)});
  }
  Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_discarded())
    return std::unexpected(
        Refusal{.status = 400, .type = "Validation", .message = "the body is no valid JSON in UTF-8"});
  if (!body.is_object()) return std::unexpected(Refusal{.message = "the body must be a JSON object"});
  return body;
}

std::expected<std::string, Refusal> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits) {
  if (!value.is_string()) return std::unexpected(Refusal{.message = fmt::format("'{}' must be a string", name)});
  std::string text = value.get<std::string>();
  if (text.size() > limits.max_text_bytes) {
    return std::unexpected(Refusal{.status = 413,
                                   .type = "TooLarge",
                                   .message = fmt::format("'{}' has more than {} bytes", name, limits.max_text_bytes)});
  }
  return text;
}

/// A string, or a list of strings.
std::expected<std::vector<std::string>, Refusal> TextsOf(const Json& value, std::string_view name,
                                                         const ServiceLimits& limits) {
  std::vector<std::string> texts;
  if (!value.is_array()) {
    auto text = TextOf(value, name, limits);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
    return texts;
  }
  if (value.size() > limits.max_texts) {
    return std::unexpected(Refusal{.status = 413,
                                   .type = "TooLarge",
                                   .message = fmt::format("'{}' has more than {} texts", name, limits.max_texts)});
  }
  for (const Json& each : value) {
    auto text = TextOf(each, name, limits);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

/// /v1/classify's result of one text.
Json ResultJson(const BundleClassifier& classifier, const ClassifiedText& text, size_t top_k) {
  const ScopeRule* const scope = classifier.scope_rule();
  return AnswerJson(
      {classifier.labels(), classifier.multi_label(), scope == nullptr ? "" : std::string_view(scope->label)}, text,
      top_k);
}

class Service {
 public:
  Service(std::vector<std::shared_ptr<ServedModel>> models, const ServiceLimits& limits)
      : models_(std::move(models)), limits_(limits) {}

  void Classify(const HttpRequest& request, const HttpReply& reply) const {
    const auto body = ParseBody(request, limits_);
    if (!body) return reply(body.error().Response());
    if (body->contains("text") == body->contains("texts")) {
      return reply(Refusal{.message = "give either 'text' or 'texts'"}.Response());
    }
    const char* const name = body->contains("text") ? "text" : "texts";
    auto texts = TextsOf((*body)[name], name, limits_);
    if (!texts) return reply(texts.error().Response());
    const auto model = Find(*body);
    if (!model) return reply(model.error().Response());
    ClassifyOptions options;
    if (body->contains("mode")) {
      const Json& mode = (*body)["mode"];
      const Result<Mode> parsed = ParseMode(mode.is_string() ? mode.get<std::string>() : mode.dump());
      if (!parsed) return reply(Refusal{.message = "'mode': " + parsed.error().message}.Response());
      options.mode = *parsed;
    }
    const Json top_k = body->value("top_k", Json(0));
    if (!top_k.is_number_integer() || top_k.get<int64_t>() < 0) {
      return reply(Refusal{.message = "'top_k' must be a whole number from 0 on"}.Response());
    }
    Submit(
        **model, {.texts = std::move(*texts), .options = options, .client = request.client}, reply,
        [model = *model, top_k = static_cast<size_t>(top_k.get<int64_t>()),
         id = request.id](const std::vector<ClassifiedText>& results) {
          Json list = Json::array();
          for (const ClassifiedText& text : results) list.push_back(ResultJson(model->classifier(), text, top_k));
          return JsonResponse({{"id", id}, {"model", model->name()}, {"version", model->version()}, {"results", list}});
        });
  }

  /// {"text": s}, and Text Embeddings Inference's {"inputs": s | [s] | [[s], ...]}.
  void Predict(const HttpRequest& request, const HttpReply& reply) const {
    const auto body = ParseBody(request, limits_);
    if (!body) return reply(body.error().Response());
    const auto begin = Clock::now();
    const std::shared_ptr<ServedModel>& model = models_.front();
    if (body->contains("text")) {
      auto text = TextOf((*body)["text"], "text", limits_);
      if (!text) return reply(text.error().Response());
      return Submit(*model, {.texts = {std::move(*text)}, .client = request.client}, reply,
                    [model, begin](const std::vector<ClassifiedText>& results) {
                      const Json result = ResultJson(model->classifier(), results.front(), 0);
                      Json scores = Json::object();
                      for (const Json& score : result["scores"])
                        scores[score["label"].get<std::string>()] = score["score"];
                      const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
                      return JsonResponse({{"label", result["label"]},
                                           {"confidence", results.front().decision.confidence},
                                           {"scores", scores},
                                           {"model", model->name()},
                                           {"inference_time_ms", ms}});
                    });
    }
    if (!body->contains("inputs")) return reply(Refusal{.message = "give 'inputs' or 'text'"}.Response());
    Json inputs = (*body)["inputs"];
    const bool batch = inputs.is_array();
    if (batch) {
      for (Json& input : inputs) {
        // [["a"], ["b"]]: a batch of single texts.
        if (input.is_array() && input.size() == 1) input = Json(input[0]);
        if (input.is_array())
          return reply(
              Refusal{.message = "'inputs': pairs of texts are for models of pairs, which this is not"}.Response());
      }
    }
    auto texts = TextsOf(inputs, "inputs", limits_);
    if (!texts) return reply(texts.error().Response());
    if (texts->empty()) return reply(Refusal{.message = "'inputs' is empty"}.Response());
    Submit(*model, {.texts = std::move(*texts), .client = request.client}, reply,
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

  void Models(const HttpReply& reply) const {
    Json list = Json::array();
    for (const auto& model : models_) {
      list.push_back({{"name", model->name()},
                      {"version", model->version()},
                      {"kind", model->classifier().manifest().kind},
                      {"weights", model->classifier().weights()},
                      {"labels", model->classifier().labels()},
                      {"default", model == models_.front()}});
    }
    reply(JsonResponse({{"models", list}}));
  }

  void Info(const HttpReply& reply) const {
    const ServedModel& model = *models_.front();
    Json id2label = Json::object(), label2id = Json::object();
    const auto& labels = model.classifier().labels();
    for (size_t i = 0; i < labels.size(); ++i) {
      id2label[std::to_string(i)] = labels[i];
      label2id[labels[i]] = i;
    }
    reply(JsonResponse({{"model_id", model.name()},
                        {"model_sha", nullptr},
                        {"model_dtype", model.classifier().weights()},
                        {"model_type", {{"classifier", {{"id2label", id2label}, {"label2id", label2id}}}}},
                        {"max_input_length", model.classifier().manifest().max_length},
                        {"max_client_batch_size", limits_.max_texts},
                        {"version", WINNOW_VERSION}}));
  }

 private:
  /// "model": a name, or name:version; else the default.
  std::expected<std::shared_ptr<ServedModel>, Refusal> Find(const Json& body) const {
    if (!body.contains("model")) return models_.front();
    if (!body["model"].is_string()) return std::unexpected(Refusal{.message = "'model' must be a string"});
    const std::string name = body["model"].get<std::string>();
    for (const auto& model : models_) {
      if (name == model->name() || name == model->name() + ":" + model->version()) return model;
    }
    return std::unexpected(
        Refusal{.status = 404, .type = "NotFound", .message = "no model has this name; GET /models lists them"});
  }

  static void Submit(const ServedModel& model, ServedModel::Request request, const HttpReply& reply,
                     std::function<HttpResponse(const std::vector<ClassifiedText>&)> answer) {
    const bool queued = model.Classify(
        std::move(request), [reply, answer = std::move(answer)](Result<std::vector<ClassifiedText>> results) {
          if (results) return reply(answer(*results));
          const bool late = results.error().code == ErrorCode::kCancelled;
          reply(ErrorResponse(late ? 503 : 500, late ? "Timeout" : "Internal", results.error().message));
        });
    if (queued) return;
    HttpResponse refused = ErrorResponse(429, "Overloaded", "too many texts are waiting");
    refused.headers.emplace_back("Retry-After", std::to_string(model.RetryAfterSeconds()));
    reply(std::move(refused));
  }

  const std::vector<std::shared_ptr<ServedModel>> models_;
  const ServiceLimits limits_;
};

}  // namespace

std::vector<Route> ServiceRoutes(std::vector<std::shared_ptr<ServedModel>> models, const ServiceLimits& limits) {
  const auto service = std::make_shared<const Service>(std::move(models), limits);
  const auto route = [](const char* method, const char* path, const char* summary, auto handle) {
    return Route{.method = method, .path = path, .summary = summary, .handle = std::move(handle)};
  };
  const auto ok = [](const HttpRequest&, const HttpReply& reply) {
    reply({.status = 200, .body = "{\"status\":\"ok\"}", .headers = {}});
  };
  return {
      route("GET", "/health", "Whether the server runs", ok),
      route("GET", "/ready", "Whether it answers", ok),
      route("GET", "/info", "The default model, as Text Embeddings Inference tells it",
            [service](const HttpRequest&, const HttpReply& reply) { service->Info(reply); }),
      route("GET", "/models", "All models",
            [service](const HttpRequest&, const HttpReply& reply) { service->Models(reply); }),
      route("POST", "/predict", "Classifies, in the form of Text Embeddings Inference",
            [service](const HttpRequest& request, const HttpReply& reply) { service->Predict(request, reply); }),
      route("POST", "/v1/classify", "Classifies one text or many",
            [service](const HttpRequest& request, const HttpReply& reply) { service->Classify(request, reply); }),
  };
}

}  // namespace winnow

/// What Text Embeddings Inference tells of the model itself: /info, /tokenize.
#include <fmt/format.h>

#include <span>

#include "base/threads.h"
#include "classify/text_tokens.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kTag[] = "Text Embeddings Inference";
/// Of the texts of one /tokenize: answers are some seventy times as large.
constexpr size_t kMostTokenizedBytes = 256 << 10;

ApiResult<void> Info(const SharedService& service, const SharedRequest&, const HttpReply& reply) {
  UseModel(*service, "", reply,
           [limits = service->limits, scheduler = service->scheduler,
            reply](const ModelSet::Model& model) -> ApiResult<void> {
             Json id2label = Json::object(), label2id = Json::object();
             const BundleClassifier& classifier = model->classifier();
             const auto& labels = classifier.labels();
             for (size_t i = 0; i < labels.size(); ++i) {
               id2label[std::to_string(i)] = labels[i];
               label2id[labels[i]] = i;
             }
             reply(JsonResponse({{"model_id", model->name()},
                                 {"model_sha", nullptr},
                                 {"model_dtype", classifier.weights()},
                                 {"model_type", {{"classifier", {{"id2label", id2label}, {"label2id", label2id}}}}},
                                 {"max_concurrent_requests", scheduler.max_queued_texts},
                                 {"max_input_length", classifier.manifest().max_length},
                                 {"max_batch_tokens", scheduler.max_batch_tokens},
                                 {"max_batch_requests", nullptr},
                                 {"max_client_batch_size", limits.max_texts},
                                 {"auto_truncate", true},
                                 {"tokenization_workers", scheduler.workers > 0 ? scheduler.workers : AvailableCores()},
                                 {"version", WINNOW_VERSION},
                                 {"sha", nullptr},
                                 {"docker_label", nullptr}}));
             return {};
           });
  return {};
}

/// The tokens as JSON; by hand, since there may be hundreds of thousands.
void AppendTokens(std::span<const TextToken> tokens, std::string_view text, std::string& json) {
  json += '[';
  for (const TextToken& token : tokens) {
    if (json.back() != '[') json += ',';
    const std::string_view shown = token.special ? token.piece : text.substr(token.begin, token.end - token.begin);
    json += fmt::format("{{\"id\":{},\"text\":{},\"special\":{}", token.id, Json(shown).dump(), token.special);
    json += token.special ? std::string(",\"start\":null,\"stop\":null}")
                          : fmt::format(",\"start\":{},\"stop\":{}}}", token.point_begin, token.point_end);
  }
  json += ']';
}

ApiResult<void> Tokenize(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits));
  const Json* const inputs = Field(body, "inputs");
  if (inputs == nullptr) return Reject("'inputs' is missing; it must be a text or a list of texts");
  std::vector<std::string> texts = TRY(TextsOf(*inputs, "inputs", service->limits));
  if (texts.empty()) return Reject("'inputs' is empty");
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  if (bytes > kMostTokenizedBytes) {
    return Reject(413, "Validation",
                  fmt::format("'inputs' has more than {} bytes: tokenize fewer texts at once", kMostTokenizedBytes));
  }
  const bool special = TRY(FlagOr(body, "add_special_tokens", true));
  UseModel(*service, "", reply,
           [texts = std::move(texts), special, reply](const ModelSet::Model& model) -> ApiResult<void> {
             HttpResponse response{.body = "[", .headers = {}};
             for (const std::string& text : texts) {
               if (response.body.size() > 1) response.body += ',';
               const auto tokens = model->classifier().scorer().TokensOf(text, special);
               if (!tokens) return Reject(422, "Tokenizer", tokens.error().message);
               AppendTokens(*tokens, text, response.body);
             }
             response.body += ']';
             reply(std::move(response));
             return {};
           });
  return {};
}

// Documentation.

RouteDocs InfoDocs() {
  return {.summary = "Describes the default model, in the format of Text Embeddings Inference",
          .tag = kTag,
          .answer = ParsedJson(R"({"type": "object",
            "required": ["model_id", "model_dtype", "model_type", "max_concurrent_requests", "max_input_length",
                         "max_batch_tokens", "max_client_batch_size", "auto_truncate", "tokenization_workers", "version"],
            "properties": {
              "model_id": {"type": "string"}, "model_sha": {"type": ["string", "null"]},
              "model_dtype": {"type": "string"},
              "model_type": {"type": "object", "required": ["classifier"], "properties": {"classifier": {
                "type": "object", "required": ["id2label", "label2id"], "properties": {
                  "id2label": {"type": "object", "additionalProperties": {"type": "string"}},
                  "label2id": {"type": "object", "additionalProperties": {"type": "integer"}}}}}},
              "max_concurrent_requests": {"type": "integer", "description": "Maximum length of the queue, in texts"},
              "max_input_length": {"type": "integer", "description": "Maximum number of tokens per text"},
              "max_batch_tokens": {"type": "integer"}, "max_batch_requests": {"type": ["integer", "null"]},
              "max_client_batch_size": {"type": "integer"}, "auto_truncate": {"type": "boolean"},
              "tokenization_workers": {"type": "integer"}, "version": {"type": "string"},
              "sha": {"type": ["string", "null"]}, "docker_label": {"type": ["string", "null"]}}})")};
}

RouteDocs TokenizeDocs() {
  return {.summary = "Tokenizes texts, without truncation",
          .description =
              "`start` and `stop` count code points; they are null for special tokens. The limit is 256 KiB of "
              "texts. Linear models have no tokenizer and return 422.",
          .tag = kTag,
          .request = ParsedJson(R"({"type": "object", "required": ["inputs"], "properties": {
            "inputs": {"anyOf": [{"type": "string"},
                                 {"type": "array", "minItems": 1, "items": {"type": "string"}}]},
            "add_special_tokens": {"type": ["boolean", "null"], "default": true}}})"),
          .answer = ParsedJson(R"({"type": "array", "items": {"type": "array", "items": {
            "type": "object", "required": ["id", "text", "special", "start", "stop"], "properties": {
              "id": {"type": "integer"}, "text": {"type": "string"}, "special": {"type": "boolean"},
              "start": {"type": ["integer", "null"]}, "stop": {"type": ["integer", "null"]}}}}})"),
          .example = {{"inputs", "You won a prize"}}};
}

}  // namespace

std::vector<Route> TeiModelRoutes(const SharedService& service) {
  return {
      {.method = "GET", .path = "/info", .role = Role::kPublic, .docs = InfoDocs(), .handle = Handler(service, Info)},
      {.method = "POST",
       .path = "/tokenize",
       .role = Role::kClassify,
       .docs = TokenizeDocs(),
       .handle = Handler(service, Tokenize)},
  };
}

}  // namespace winnow

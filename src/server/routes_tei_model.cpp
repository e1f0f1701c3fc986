/// What Text Embeddings Inference tells of the model itself: /info, /tokenize.
#include <fmt/format.h>

#include <span>

#include "base/threads.h"
#include "classify/text_tokens.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kTeiModelTag[] = "Text Embeddings Inference";
/// The largest size of the texts of a request to /tokenize, whose response is about seventy times as large.
constexpr size_t kMostTokenizedBytes = 256 << 10;
constexpr size_t kFewTokenizedBytes = 1 << 10;

ApiResult<void> Info(const SharedService& service, const SharedRequest&, const HttpReply& reply) {
  UseModel(
      *service, "", reply,
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
                            {"tokenization_workers", scheduler.workers > 0 ? scheduler.workers : UnthrottledCores()},
                            {"version", WINNOW_VERSION},
                            {"sha", nullptr},
                            {"docker_label", nullptr},
                            {"pooling", classifier.scorer().embedding_size() > 0 ? Json("mean") : Json()}}));
        return {};
      });
  return {};
}

const Json& TokenizeSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["inputs"], "properties": {
      "inputs": {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}],
                 "description": "One text, or a list of texts"},
      "add_special_tokens": {"type": ["boolean", "null"], "default": true,
                             "description": "Whether special tokens such as [CLS] are returned too"},
      "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"},
      "prompt_name": {"type": "null", "description": "Only null: models have no prompts"}}})");
  return schema;
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
  const Json body = TRY(ParseBody(*request, service->limits, TokenizeSchema()));
  const Json* const inputs = FindField(body, "inputs");
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
  if (FindField(body, "prompt_name") != nullptr) return Reject("'prompt_name' must be null: models have no prompts");
  const std::string model_name = TRY(StringOr(body, "model", ""));
  UseModel(*service, model_name, reply,
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
          .tag = kTeiModelTag,
          .answer = ParsedJson(R"({"type": "object",
            "required": ["model_id", "model_dtype", "model_type", "max_concurrent_requests", "max_input_length",
                         "max_batch_tokens", "max_client_batch_size", "auto_truncate", "tokenization_workers", "version"],
            "properties": {
              "model_id": {"type": "string", "description": "Name of the default model"},
              "model_sha": {"type": ["string", "null"], "description": "Always null"},
              "model_dtype": {"type": "string", "description": "Weights: linear, f32, int8, or int8 with some layers in bf16"},
              "model_type": {"type": "object", "description": "Kind of the model", "required": ["classifier"], "properties": {"classifier": {
                "type": "object", "description": "Every model is a classifier", "required": ["id2label", "label2id"], "properties": {
                  "id2label": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Labels by ID"},
                  "label2id": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "IDs by label"}}}}},
              "max_concurrent_requests": {"type": "integer", "description": "Maximum length of the queue, in texts"},
              "max_input_length": {"type": "integer", "description": "Maximum number of tokens per text"},
              "max_batch_tokens": {"type": "integer", "description": "Maximum number of tokens per batch"},
              "max_batch_requests": {"type": ["integer", "null"], "description": "Always null: the number of requests per batch is not limited"},
              "max_client_batch_size": {"type": "integer", "description": "Maximum number of texts per request"},
              "auto_truncate": {"type": "boolean", "description": "Always true: long texts are truncated unless the request has truncate false"},
              "tokenization_workers": {"type": "integer", "description": "Number of threads that tokenize and classify"},
              "version": {"type": "string", "description": "Version of Winnow"},
              "sha": {"type": ["string", "null"], "description": "Always null"},
              "docker_label": {"type": ["string", "null"], "description": "Always null"},
              "pooling": {"type": ["string", "null"], "description": "How embeddings are made of tokens: always mean; null for linear models, which have none"}}})"),
          .answer_example = ParsedJson(R"({"model_id": "spam", "model_sha": null, "model_dtype": "f32",
            "model_type": {"classifier": {"id2label": {"0": "ham", "1": "spam"}, "label2id": {"ham": 0, "spam": 1}}},
            "max_concurrent_requests": 8192, "max_input_length": 128, "max_batch_tokens": 2048,
            "max_batch_requests": null, "max_client_batch_size": 10000, "auto_truncate": true,
            "tokenization_workers": 2, "version": "0.1.0", "sha": null, "docker_label": null,
            "pooling": "mean"})")};
}

RouteDocs TokenizeDocs() {
  return {.summary = "Tokenizes texts, without truncation",
          .description =
              "`start` and `stop` count code points; they are null for special tokens. The limit is 256 KiB of "
              "texts. Linear models have no tokenizer and return 422.",
          .tag = kTeiModelTag,
          .request = TokenizeSchema(),
          .answer = ParsedJson(R"({"type": "array", "items": {"type": "array", "items": {
            "type": "object", "required": ["id", "text", "special", "start", "stop"], "properties": {
              "id": {"type": "integer", "description": "ID of the token in the vocabulary"},
              "text": {"type": "string", "description": "Section of the text that the token stands for, or the name of a special token"},
              "special": {"type": "boolean", "description": "Whether it is a special token"},
              "start": {"type": ["integer", "null"], "description": "Position of its first character, in code points"},
              "stop": {"type": ["integer", "null"], "description": "Position after its last character, in code points"}}}}})"),
          .example = {{"inputs", "You won"}},
          .answer_example = ParsedJson(R"([[{"id": 101, "text": "[CLS]", "special": true, "start": null, "stop": null},
                                            {"id": 2017, "text": "You", "special": false, "start": 0, "stop": 3},
                                            {"id": 2180, "text": "won", "special": false, "start": 4, "stop": 7},
                                            {"id": 102, "text": "[SEP]", "special": true, "start": null, "stop": null}]])"),
          .errors = {404}};
}

}  // namespace

std::vector<Route> TeiModelRoutes(const SharedService& service) {
  return {
      {.method = "GET", .path = "/info", .role = Role::kPublic, .docs = InfoDocs(), .handle = Handler(service, Info)},
      {.method = "POST",
       .path = "/tokenize",
       .role = Role::kClassify,
       .docs = TokenizeDocs(),
       .handle = Handler(service, Tokenize),
       .handed_over_bytes = kFewTokenizedBytes},
  };
}

}  // namespace winnow

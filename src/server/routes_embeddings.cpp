/// /v1/embeddings in the form of OpenAI's API (https://platform.openai.com/docs/api-reference/embeddings), and /embed
/// in that of Text Embeddings Inference (https://huggingface.github.io/text-embeddings-inference).
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <iterator>

#include "classify/embedding.h"
#include "server/service.h"
#include "server/tei_response.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings in base64 are little-endian");

struct EmbedCall {
  std::string field;  ///< the name of the field of the texts
  std::string model = {};
  ServedModel::Request request = {};
  size_t dimensions = 0;  ///< 0: all
  bool base64 = false;
  bool may_cut = true;    ///< texts that are too long
  size_t characters = 0;  ///< code points of the texts
};

/// Makes the response of a call from the embeddings, [texts, size].
using EmbedAnswer = ApiResult<HttpResponse> (*)(const EmbedCall& call, const ServedModel& model,
                                                std::span<const float> embeddings, const ServedTimes& times,
                                                std::chrono::steady_clock::time_point arrived);

/// The schema of the texts, which is equal in both APIs.
Json InputSchema() {
  return ParsedJson(R"({
    "description": "A text, a list of texts, or token IDs as POST /tokenize returns them, of one text or of several",
    "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}},
              {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
              {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}}]})");
}

const Json& EmbeddingsRequestSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["input"], "properties": {
      "input": {},
      "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"},
      "encoding_format": {"enum": ["float", "base64", null], "default": "float", "description": "float: a list of numbers; base64: the numbers as 32-bit floats in little-endian order, encoded as base64"},
      "dimensions": {"type": ["integer", "null"], "minimum": 1, "description": "Number of dimensions to keep, from the first; the rest is cut off, and the embedding is scaled to length 1 again"},
      "user": {"type": ["string", "null"], "description": "ID of the end user; accepted, but not used"}}})");
    made["properties"]["input"] = InputSchema();
    return made;
  }();
  return schema;
}

/// The fields of Text Embeddings Inference (router/src/http/types.rs), and `model`.
const Json& TeiSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["inputs"], "properties": {
      "inputs": {},
      "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"},
      "truncate": {"type": ["boolean", "null"], "default": true, "description": "false: refuse a text that the model would not read completely"},
      "truncation_direction": {"enum": ["Right", "right", null], "description": "Only right; the model determines which part of a long text is read"},
      "normalize": {"enum": [true, null], "default": true, "description": "Only true: embeddings have length 1"},
      "prompt_name": {"type": "null", "description": "Not supported: put the prompt before the text"},
      "dimensions": {"type": ["integer", "null"], "minimum": 1, "description": "Number of dimensions to keep, from the first; the rest is cut off, and the embedding is scaled to length 1 again"}}})");
    made["properties"]["inputs"] = InputSchema();
    return made;
  }();
  return schema;
}

std::unexpected<ApiError> NotAnInput(const std::string& field) {
  return Reject(
      fmt::format("'{}' must be a text, a list of texts, a list of token ids, or a list of such lists", field));
}

ApiResult<std::vector<int32_t>> IdsOf(const Json& list, const std::string& field) {
  std::vector<int32_t> ids;
  ids.reserve(list.size());
  for (const Json& each : list) {
    const auto id = WholeNumber(each, 0, INT32_MAX);
    if (!id) return NotAnInput(field);
    ids.push_back(static_cast<int32_t>(*id));
  }
  return ids;
}

/// Adds a text to the request of the call.
ApiResult<void> AddText(const Json& text, const ServiceLimits& limits, EmbedCall& call) {
  call.request.texts.push_back(WithoutSeparators(TRY(TextOf(text, call.field, limits))));
  call.characters += CountCodePoints(call.request.texts.back().joined());
  return {};
}

ApiResult<void> ReadInput(const Json* input, const ServiceLimits& limits, EmbedCall& call) {
  if (input == nullptr) return NotAnInput(call.field);
  if (input->is_string()) return AddText(*input, limits, call);
  if (!input->is_array()) return NotAnInput(call.field);
  if (input->empty()) return Reject(fmt::format("'{}' is empty", call.field));
  if (input->front().is_number()) {
    call.request.ids.push_back(TRY(IdsOf(*input, call.field)));
    return {};
  }
  if (input->size() > limits.max_texts) return TooManyTexts(call.field, limits);
  const bool texts = input->front().is_string();
  for (const Json& each : *input) {
    if (texts ? !each.is_string() : !each.is_array()) return NotAnInput(call.field);
    if (texts) {
      TRY(AddText(each, limits, call));
    } else {
      call.request.ids.push_back(TRY(IdsOf(each, call.field)));
    }
  }
  return {};
}

ApiResult<EmbedCall> ReadEmbedCall(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, EmbeddingsRequestSchema()));
  EmbedCall call{.field = "input"};
  TRY(ReadInput(FindField(body, "input"), limits, call));
  call.model = TRY(StringOr(body, "model", ""));
  const std::string format = TRY(StringOr(body, "encoding_format", "float"));
  if (format != "float" && format != "base64") return Reject("'encoding_format' must be float or base64");
  call.base64 = format == "base64";
  call.dimensions = static_cast<size_t>(TRY(IntegerOr(body, "dimensions", 0, 1, 1 << 20)));
  TRY(StringOr(body, "user", ""));
  return call;
}

ApiResult<EmbedCall> ReadTeiCall(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, TeiSchema()));
  EmbedCall call{.field = "inputs"};
  TRY(ReadInput(FindField(body, "inputs"), limits, call));
  call.model = TRY(StringOr(body, "model", ""));
  call.may_cut = TRY(FlagOr(body, "truncate", true));
  const std::string direction = TRY(StringOr(body, "truncation_direction", "right"));
  if (direction != "right" && direction != "Right") {
    return Reject("'truncation_direction' must be right; the model determines which part of a long text is read");
  }
  if (!TRY(FlagOr(body, "normalize", true))) return Reject("'normalize' must be true: embeddings have length 1");
  if (FindField(body, "prompt_name") != nullptr) {
    return Reject("'prompt_name' is not supported; put the prompt before the text");
  }
  call.dimensions = static_cast<size_t>(TRY(IntegerOr(body, "dimensions", 0, 1, 1 << 20)));
  return call;
}

/// The embedding as JSON; by hand, with the shortest numbers that are read as the same floats.
void AppendEmbedding(std::span<const float> embedding, bool base64, std::string& json) {
  if (base64) {
    std::string text(4 * ((embedding.size_bytes() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(embedding.data()),
                                       static_cast<int>(embedding.size_bytes()));
    text.resize(static_cast<size_t>(length));
    json += '"' + text + '"';
    return;
  }
  json += '[';
  for (const float value : embedding) fmt::format_to(std::back_inserter(json), "{},", value);
  json.back() = ']';
}

/// Appends the embeddings to a JSON array, each after `before` with its index and before `after`.
ApiResult<void> AppendEmbeddings(const EmbedCall& call, const ServedModel& model, std::span<const float> embeddings,
                                 std::string_view after, std::string (*before)(size_t index), std::string& json) {
  const size_t size = model.classifier().scorer().embedding_size();
  const size_t kept = call.dimensions == 0 ? size : call.dimensions;
  json.reserve(json.size() + embeddings.size() / size * (kept * 12 + 64) + 128);
  for (size_t t = 0; t * size < embeddings.size(); ++t) {
    const std::span<const float> values = embeddings.subspan(t * size, kept);
    std::vector<float> embedding(values.begin(), values.end());
    if (kept < size) Normalize(embedding);
    if (!std::ranges::all_of(embedding, [](float value) { return std::isfinite(value); })) {
      return Reject(500, "Internal", "the encoder of this model computed a value that is not a number");
    }
    if (t > 0) json += ',';
    json += before(t);
    AppendEmbedding(embedding, call.base64, json);
    json += after;
  }
  return {};
}

ApiResult<HttpResponse> EmbeddingsAnswer(const EmbedCall& call, const ServedModel& model,
                                         std::span<const float> embeddings, const ServedTimes& times,
                                         std::chrono::steady_clock::time_point /*arrived*/) {
  HttpResponse response = {.status = 200, .body = R"({"object":"list","data":[)", .headers = {}};
  const auto before = [](size_t index) {
    return fmt::format(R"({{"object":"embedding","index":{},"embedding":)", index);
  };
  TRY(AppendEmbeddings(call, model, embeddings, "}", before, response.body));
  response.body += fmt::format(R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                               Json(model.name()).dump(), times.tokens, times.tokens);
  return response;
}

ApiResult<HttpResponse> TeiAnswer(const EmbedCall& call, const ServedModel& model, std::span<const float> embeddings,
                                  const ServedTimes& times, std::chrono::steady_clock::time_point arrived) {
  HttpResponse response = {.status = 200, .body = "[", .headers = {}};
  TRY(AppendEmbeddings(
      call, model, embeddings, "", [](size_t) { return std::string(); }, response.body));
  response.body += ']';
  AddTeiHeaders({.characters = call.characters, .arrived = arrived, .times = times}, response);
  return response;
}

/// The error of a model; what is wrong with token ids is said of the field.
HttpResponse ErrorOf(ApiError error, const std::string& field) {
  const std::string place = fmt::format("'{}': ", field);
  if (error.status == 422 && !error.message.starts_with(place)) error.message = place + error.message;
  return error.Response();
}

/// What only the model knows to be wrong with a call.
ApiResult<void> CheckFits(const EmbedCall& call, const BundleClassifier& classifier) {
  const size_t size = classifier.scorer().embedding_size();
  if (size == 0) {
    return Reject(
        "'model': this is a linear model, which has no encoder and so no embeddings; choose a model of the kind "
        "transformer (GET /models lists the kinds)");
  }
  if (call.dimensions > size) {
    return Reject(fmt::format("'dimensions' must be at most {}, the number of dimensions of this model", size));
  }
  const auto is_cut = [&](const InputText& text) { return classifier.scorer().IsCut(text); };
  if (call.may_cut || std::ranges::none_of(call.request.texts, is_cut)) return {};
  return Reject(413, "Validation",
                fmt::format("'{}': a text has more than the {} tokens that the model reads; set 'truncate' to true or "
                            "omit it",
                            call.field, classifier.manifest().max_length));
}

void ComputeEmbeddings(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                       EmbedCall made, EmbedAnswer answer) {
  const auto call = std::make_shared<EmbedCall>(std::move(made));
  UseModel(*service, call->model, reply,
           [service, call, request, reply, answer](const ModelSet::Model& model) -> ApiResult<void> {
             TRY(CheckFits(*call, model->classifier()));
             SetOrigin(*service, *request, call->request);
             // The model lives as long as somebody waits for it.
             model->Embed(std::move(call->request),
                          [model, call, reply, answer, arrived = request->arrived](
                              const ApiResult<std::vector<float>>& embeddings, const ServedTimes& times) {
                            if (!embeddings) return reply(ErrorOf(embeddings.error(), call->field));
                            reply(ResponseOf(answer(*call, *model, *embeddings, times, arrived)));
                          });
             return {};
           });
}

ApiResult<void> Embed(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  ComputeEmbeddings(service, request, reply, TRY(ReadEmbedCall(*request, service->limits)), EmbeddingsAnswer);
  return {};
}

ApiResult<void> EmbedAsTei(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  auto call = ReadTeiCall(*request, service->limits);
  if (!call) {
    if (call.error().status == 413) call.error().type = "Validation";
    return std::unexpected(std::move(call).error());
  }
  ComputeEmbeddings(service, request, AsTei(reply), *std::move(call), TeiAnswer);
  return {};
}

RouteDocs EmbeddingsDocs() {
  return {
      .summary = "Computes embeddings of texts, in the format of OpenAI's API",
      .description =
          "An embedding is the mean of the encoder's output over all tokens of the text, scaled to length 1, as "
          "sentence-transformers computes it for all-MiniLM-L6-v2. The dot product of two embeddings is their cosine "
          "similarity. A text that exceeds the maximum length is read as for classification. Linear models have no "
          "embeddings. Errors have the form of OpenAI's API.",
      .tag = "OpenAI",
      .request = EmbeddingsRequestSchema(),
      .answer = ParsedJson(R"({
        "type": "object", "required": ["object", "data", "model", "usage"], "properties": {
          "object": {"const": "list", "description": "Always \"list\""},
          "data": {"type": "array", "description": "One embedding per text, in the order of the request", "items": {
            "type": "object", "required": ["object", "index", "embedding"], "properties": {
              "object": {"const": "embedding", "description": "Always \"embedding\""},
              "index": {"type": "integer", "description": "Position of the text in the request"},
              "embedding": {"type": ["array", "string"], "items": {"type": "number"}, "description": "The numbers, or their base64"}}}},
          "model": {"type": "string", "description": "Name of the model that was used"},
          "usage": {"type": "object", "description": "Number of tokens that the model has read", "required": ["prompt_tokens", "total_tokens"], "properties": {
            "prompt_tokens": {"type": "integer", "description": "Number of tokens, special tokens included"},
            "total_tokens": {"type": "integer", "description": "The same number"}}}}})"),
      .example = {{"input", "You won a prize, claim it now"}},
      .answer_example = ParsedJson(R"({"object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.0213, -0.0476, 0.0388]}],
        "model": "spam", "usage": {"prompt_tokens": 10, "total_tokens": 10}})"),
      .errors = {404}};
}

RouteDocs TeiDocs() {
  return {
      .summary = "Computes embeddings of texts, in the format of Text Embeddings Inference",
      .description =
          "The response is a list of embeddings, also for one text. They are those of POST /v1/embeddings: the mean "
          "of the encoder's output over all tokens of the text, scaled to length 1. The headers are those of POST "
          "/predict. Linear models have no embeddings.",
      .tag = "Text Embeddings Inference",
      .request = TeiSchema(),
      .answer = ParsedJson(R"({"type": "array", "description": "One embedding per text, in the order of the request",
                                   "items": {"type": "array", "items": {"type": "number"}}})"),
      .example = {{"inputs", "You won a prize, claim it now"}},
      .answer_example = ParsedJson("[[0.0213, -0.0476, 0.0388]]"),
      .errors = {404, 424}};
}

}  // namespace

std::vector<Route> EmbeddingRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back({.method = "POST",
                    .path = "/v1/embeddings",
                    .role = Role::kClassify,
                    .docs = EmbeddingsDocs(),
                    .handle = Handler(service, Embed),
                    .error_form = ErrorForm::kOpenAi});
  routes.push_back({.method = "POST",
                    .path = "/embed",
                    .role = Role::kClassify,
                    .docs = TeiDocs(),
                    .handle = Handler(service, EmbedAsTei)});
  return routes;
}

}  // namespace winnow

/// /v1/embeddings in the form of OpenAI's API (https://platform.openai.com/docs/api-reference/embeddings).
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "classify/embedding.h"
#include "server/service.h"

namespace winnow {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings in base64 are little-endian");

struct EmbedCall {
  std::string model;
  ServedModel::Request request;
  size_t dimensions = 0;  ///< 0: all
  bool base64 = false;
};

const Json& RequestSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["input"], "properties": {
      "input": {"description": "A text, a list of texts, or token IDs as POST /tokenize returns them, of one text or of several",
        "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}},
                  {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
                  {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}}]},
      "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"},
      "encoding_format": {"enum": ["float", "base64", null], "default": "float", "description": "float: a list of numbers; base64: the numbers as 32-bit floats in little-endian order, encoded as base64"},
      "dimensions": {"type": ["integer", "null"], "minimum": 1, "description": "Number of dimensions to keep, from the first; the rest is cut off, and the embedding is scaled to length 1 again"},
      "user": {"type": ["string", "null"], "description": "ID of the end user; accepted, but not used"}}})");
  return schema;
}

std::unexpected<ApiError> NotAnInput() {
  return Reject("'input' must be a text, a list of texts, a list of token ids, or a list of such lists");
}

ApiResult<std::vector<int32_t>> IdsOf(const Json& list) {
  std::vector<int32_t> ids;
  ids.reserve(list.size());
  for (const Json& each : list) {
    const auto id = WholeNumber(each, 0, INT32_MAX);
    if (!id) return NotAnInput();
    ids.push_back(static_cast<int32_t>(*id));
  }
  return ids;
}

ApiResult<void> ReadInput(const Json& input, const ServiceLimits& limits, ServedModel::Request& request) {
  if (input.is_string()) {
    request.texts.push_back(WithoutSeparators(TRY(TextOf(input, "input", limits))));
    return {};
  }
  if (!input.is_array()) return NotAnInput();
  if (input.empty()) return Reject("'input' is empty");
  if (input.front().is_number()) {
    request.ids.push_back(TRY(IdsOf(input)));
    return {};
  }
  if (input.size() > limits.max_texts) return TooManyTexts("input", limits);
  const bool texts = input.front().is_string();
  for (const Json& each : input) {
    if (texts ? !each.is_string() : !each.is_array()) return NotAnInput();
    if (texts) {
      request.texts.push_back(WithoutSeparators(TRY(TextOf(each, "input", limits))));
    } else {
      request.ids.push_back(TRY(IdsOf(each)));
    }
  }
  return {};
}

ApiResult<EmbedCall> ReadCall(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, RequestSchema()));
  const Json* const input = Field(body, "input");
  if (input == nullptr) return NotAnInput();
  EmbedCall call;
  TRY(ReadInput(*input, limits, call.request));
  call.model = TRY(StringOr(body, "model", ""));
  const std::string format = TRY(StringOr(body, "encoding_format", "float"));
  if (format != "float" && format != "base64") return Reject("'encoding_format' must be float or base64");
  call.base64 = format == "base64";
  call.dimensions = static_cast<size_t>(TRY(IntegerOr(body, "dimensions", 0, 1, 1 << 20)));
  TRY(StringOr(body, "user", ""));
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

/// `embeddings`: [texts, size].
ApiResult<HttpResponse> Answer(const EmbedCall& call, const ServedModel& model, std::span<const float> embeddings,
                               size_t tokens) {
  const size_t size = model.classifier().scorer().embedding_size();
  const size_t kept = call.dimensions == 0 ? size : call.dimensions;
  HttpResponse response = {.status = 200, .body = R"({"object":"list","data":[)", .headers = {}};
  response.body.reserve(embeddings.size() / size * (kept * 12 + 64) + 128);
  for (size_t t = 0; t * size < embeddings.size(); ++t) {
    const std::span<const float> values = embeddings.subspan(t * size, kept);
    std::vector<float> embedding(values.begin(), values.end());
    if (kept < size) Normalize(embedding);
    if (!std::ranges::all_of(embedding, [](float value) { return std::isfinite(value); })) {
      return Reject(500, "Internal", "the encoder of this model computed a value that is not a number");
    }
    fmt::format_to(std::back_inserter(response.body), R"({}{{"object":"embedding","index":{},"embedding":)",
                   t == 0 ? "" : ",", t);
    AppendEmbedding(embedding, call.base64, response.body);
    response.body += '}';
  }
  response.body += fmt::format(R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                               Json(model.name()).dump(), tokens, tokens);
  return response;
}

/// The error of a model; what is wrong with token ids is said of the field.
HttpResponse ErrorOf(ApiError error) {
  if (error.status == 422) error.message = "'input': " + error.message;
  return error.Response();
}

ApiResult<void> Embed(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const auto call = std::make_shared<EmbedCall>(TRY(ReadCall(*request, service->limits)));
  UseModel(
      *service, call->model, reply, [service, call, request, reply](const ModelSet::Model& model) -> ApiResult<void> {
        const size_t size = model->classifier().scorer().embedding_size();
        if (size == 0) {
          return Reject(
              "'model': this is a linear model, which has no encoder and so no embeddings; choose a model of the kind "
              "transformer (GET /models lists the kinds)");
        }
        if (call->dimensions > size) {
          return Reject(fmt::format("'dimensions' must be at most {}, the number of dimensions of this model", size));
        }
        SetOrigin(*service, *request, call->request);
        // The model lives as long as somebody waits for it.
        model->Embed(std::move(call->request),
                     [model, call, reply](const ApiResult<std::vector<float>>& embeddings, const ServedTimes& times) {
                       if (!embeddings) return reply(ErrorOf(embeddings.error()));
                       reply(ResponseOf(Answer(*call, *model, *embeddings, times.tokens)));
                     });
        return {};
      });
  return {};
}

RouteDocs Docs() {
  return {
      .summary = "Computes embeddings of texts, in the format of OpenAI's API",
      .description =
          "An embedding is the mean of the encoder's output over all tokens of the text, scaled to length 1, as "
          "sentence-transformers computes it for all-MiniLM-L6-v2. The dot product of two embeddings is their cosine "
          "similarity. A text that exceeds the maximum length is read as for classification. Linear models have no "
          "embeddings. Errors have the form of OpenAI's API.",
      .tag = "OpenAI",
      .request = RequestSchema(),
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

}  // namespace

std::vector<Route> EmbeddingRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back({.method = "POST",
                    .path = "/v1/embeddings",
                    .role = Role::kClassify,
                    .docs = Docs(),
                    .handle = Handler(service, Embed),
                    .error_form = ErrorForm::kOpenAi});
  return routes;
}

}  // namespace winnow

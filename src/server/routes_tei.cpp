/// What Text Embeddings Inference's clients call (https://huggingface.github.io/text-embeddings-inference), and
/// huggingface_hub's InferenceClient, which posts to whatever URL it is given.
#include <fmt/format.h>

#include <algorithm>

#include "classify/prediction_json.h"
#include "server/decision_fields.h"
#include "server/raw_scores.h"
#include "server/request_texts.h"
#include "server/service.h"
#include "server/tei_response.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kTeiTag[] = "Text Embeddings Inference";

size_t Characters(const RequestTexts& texts) {
  size_t count = 0;
  for (const InputText& text : texts.texts) count += CountCodePoints(text.joined()) - (text.segments() - 1);
  return count;
}

/// A request of /predict, checked.
struct PredictCall {
  /// The form of a response.
  enum class Form {
    kPlain,   // of {"text": s}: {"label", "confidence", ...}
    kSingle,  // of {"inputs": s}: [{"score", "label"}]
    kBatch,   // of a list: [[...], ...]. Also of {"inputs": s, "parameters": {}}, as the hub's own servers have it
  };
  Form form = Form::kPlain;
  std::string model;
  RequestTexts texts;
  ClassifyOptions options = {};
  bool may_be_pair = false;  // ["a", "b"]
  bool has_parameters = false;
  bool raw = false;     // logits
  bool may_cut = true;  // texts that are too long
  bool no_store = false;
  size_t top_k = 0;      // 0: all
  std::string function;  // "softmax" or "sigmoid", where the client insists on one
};

/// The fields of Text Embeddings Inference (router/src/http/types.rs), those that the hub's own servers have besides
/// ("parameters" of transformers' text classification pipeline, "options"), and ours.
const Json& TeiRequestSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
      "type": "object", "additionalProperties": false,
      "oneOf": [{"required": ["inputs"], "properties": {"inputs": {"type": ["string", "array"]}, "text": {"type": "null"},
                                                        "mode": {"type": "null"}, "threshold": {"type": "null"}}},
                {"required": ["text"], "properties": {"text": {"type": "string"}, "inputs": {"type": "null"},
                                                      "raw_scores": {"enum": [false, null]}, "parameters": {"type": "null"}}}],
      "not": {"required": ["mode", "threshold"], "properties": {"mode": {"type": "string"}, "threshold": {"type": "number"}}},
      "properties": {
        "inputs": {"anyOf": [
          {"type": "string", "description": "One text"}, {"type": "null"},
          {"type": "array", "minItems": 1, "description": "At most 10000 texts",
           "items": {"anyOf": [{"type": "string"},
                               {"type": "array", "description": "A text, or a pair of texts",
                                "minItems": 1, "maxItems": 2, "items": {"type": "string"}}]}}],
          "description": "One text, or a list of at most 10000 texts"},
        "text": {"type": ["string", "null"], "description": "One text, for the simple form of the response"},
        "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"},
        "truncate": {"type": ["boolean", "null"], "default": true,
                     "description": "false: refuse a text that the model would not read completely"},
        "raw_scores": {"type": ["boolean", "null"], "default": false, "description": "Logits instead of probabilities"},
        "truncation_direction": {"enum": ["Right", "right", null], "description": "Only right; the model determines which part of a long text is read"},
        "parameters": {"type": ["object", "null"], "description": "Parameters in the format of the Hugging Face Inference API",
          "additionalProperties": false,
          "properties": {
            "top_k": {"type": ["integer", "null"], "minimum": 0, "maximum": 1073741824, "description": "Number of labels; 0: all"},
            "return_all_scores": {"type": ["boolean", "null"], "description": "false: the most probable label only, unless there is a top_k"},
            "truncation": {"type": ["boolean", "null"], "description": "Like truncate"},
            "function_to_apply": {"enum": ["softmax", "sigmoid", "none", null],
              "description": "softmax for single-label models, sigmoid for multi-label models; none: logits"}}},
        "options": {"type": ["object", "null"], "description": "Options in the format of the Hugging Face Inference API",
          "additionalProperties": false,
          "properties": {
            "use_cache": {"type": ["boolean", "null"], "default": true, "description": "false: neither read nor write the cache for these texts"},
            "wait_for_model": {"type": ["boolean", "null"], "description": "Accepted, without effect: requests always wait for a model that is being loaded"}}}}})");
    const Json fields = DecisionFieldSchemas();
    for (const auto& [name, field] : fields.items()) {
      made["properties"][name] = field;
      made["properties"][name]["description"] = field["description"].str() + "; only with text";
    }
    return made;
  }();
  return schema;
}

/// A text, or a list of texts, each a string or a list of one or two.
ApiResult<RequestTexts> ReadInputs(Json& inputs, const ServiceLimits& limits) {
  constexpr char kNoTexts[] = "'inputs' must be a text, or a list of texts, each a string or a list of one or two";
  if (inputs.is_string()) return ReadText(inputs, "inputs", limits);
  if (!inputs.is_array() || inputs.empty()) return Reject(kNoTexts);
  for (auto& input : inputs) {
    if (input.is_array() && input.size() == 1) input = Json(input[0]);
    const bool pair = input.is_array() && input.size() == 2;
    if (!input.is_string() && !pair) return Reject(kNoTexts);
  }
  return ReadTexts(inputs, "inputs", limits);
}

/// "parameters" of the hub's own servers: transformers' text classification pipeline.
ApiResult<void> ReadParameters(const Json& parameters, PredictCall& call) {
  if (!parameters.is_object()) return Reject("'parameters' must be an object");
  const int64_t by_default = TRY(FlagOr(parameters, "return_all_scores", true)) ? 0 : 1;
  call.top_k = static_cast<size_t>(TRY(IntegerOr(parameters, "top_k", by_default, 0, 1 << 30)));
  call.may_cut = TRY(FlagOr(parameters, "truncation", call.may_cut));
  const std::string function = TRY(StringOr(parameters, "function_to_apply", ""));
  if (function == "none") {
    call.raw = true;
  } else if (function == "softmax" || function == "sigmoid") {
    call.function = function;
  } else if (!function.empty()) {
    return Reject("'function_to_apply' must be softmax, sigmoid or none");
  }
  return {};
}

/// "options" of the hub's own servers.
ApiResult<void> ReadHubOptions(const Json& options, PredictCall& call) {
  if (!options.is_object()) return Reject("'options' must be an object");
  call.no_store = !TRY(FlagOr(options, "use_cache", true));
  TRY(FlagOr(options, "wait_for_model", true));
  return {};
}

/// Fields that the form of the response has no place for are refused: nothing that a client asks for is ignored.
ApiResult<void> CheckForm(const Json& body, const PredictCall& call) {
  if (FindField(body, "text") == nullptr) {
    for (const char* const name : {"mode", "threshold"}) {
      if (FindField(body, name) == nullptr) continue;
      return Reject(fmt::format("'{}' requires 'text': the response to 'inputs' has scores, and no decision", name));
    }
    return {};
  }
  const char* const extra = FindField(body, "parameters") != nullptr ? "parameters" : call.raw ? "raw_scores" : nullptr;
  if (extra == nullptr) return {};
  return Reject(fmt::format("'{}' requires 'inputs' in place of 'text'", extra));
}

/// Fields besides the texts.
ApiResult<void> ReadPredictOptions(const Json& body, PredictCall& call) {
  call.model = TRY(StringOr(body, "model", ""));
  call.options = TRY(ReadDecisionFields(body));
  call.may_cut = TRY(FlagOr(body, "truncate", true));
  const std::string direction = TRY(StringOr(body, "truncation_direction", "right"));
  if (direction != "right" && direction != "Right") {
    return Reject("'truncation_direction' must be right; the model determines which part of a long text is read");
  }
  call.raw = TRY(FlagOr(body, "raw_scores", false));
  const Json* const parameters = FindField(body, "parameters");
  if (parameters != nullptr) TRY(ReadParameters(*parameters, call));
  if (const Json* const options = FindField(body, "options"); options != nullptr) TRY(ReadHubOptions(*options, call));
  return CheckForm(body, call);
}

ApiResult<PredictCall> ReadPredict(const HttpRequest& request, const ServiceLimits& limits) {
  Json body = TRY(ParseBody(request, limits, TeiRequestSchema()));
  PredictCall call;
  const Json* const text = FindField(body, "text");
  if ((text != nullptr) == (FindField(body, "inputs") != nullptr)) return Reject("specify either 'inputs' or 'text'");
  TRY(ReadPredictOptions(body, call));
  if (text != nullptr) {
    call.texts.texts.push_back(WithoutSeparators(TRY(TextOf(*text, "text", limits))));
    return call;
  }
  Json& inputs = body["inputs"];
  call.has_parameters = FindField(body, "parameters") != nullptr;
  call.form = inputs.is_array() || call.has_parameters ? PredictCall::Form::kBatch : PredictCall::Form::kSingle;
  call.may_be_pair = inputs.is_array() && inputs.size() == 2 && inputs[0].is_string() && inputs[1].is_string();
  auto texts = ReadInputs(inputs, limits);
  if (!texts) {
    if (texts.error().status == 413) texts.error().type = "Validation";
    return std::unexpected(std::move(texts).error());
  }
  call.texts = *std::move(texts);
  return call;
}

/// {"label", "confidence", "scores", "model", "inference_time_ms"}; "decision" of multi-label models, "abstained" of
/// models that abstain, and "nearest_label" for an out-of-scope text.
Json PlainPrediction(const ServedModel& model, const ClassifiedText& text, Clock::time_point arrived) {
  const BundleClassifier& classifier = model.classifier();
  const auto& labels = classifier.labels();
  Json scores = Json::object();
  for (const size_t i : ByProbability(text.probabilities)) scores[labels[i]] = text.probabilities[i];
  const ScopeRule* const scope = classifier.scope_rule();
  const auto first = PredictionJson(
      {labels, classifier.multi_label(), scope == nullptr ? "" : std::string_view(scope->label)}, text, 1);
  Json plain = {{"label", first["label"]},
                {"confidence", text.decision.confidence},
                {"scores", scores},
                {"model", model.name()},
                {"inference_time_ms", std::chrono::duration<double, std::milli>(Clock::now() - arrived).count()}};
  // Where the label does not say all of it.
  if (classifier.multi_label()) plain["decision"] = first["decision"];
  if (classifier.manifest().abstain) plain["abstained"] = first["abstained"];
  if (text.out_of_scope) plain["nearest_label"] = first["nearest_label"];
  return plain;
}

/// [{"score", "label"}], the highest first.
Json Predictions(const ServedModel& model, const PredictCall& call, const ClassifiedText& text) {
  const BundleClassifier& classifier = model.classifier();
  std::vector<float> scores = text.probabilities;
  if (call.raw) {
    scores = RawScores(CalibrationOf(classifier.manifest()), text.probabilities, classifier.multi_label());
  }
  std::vector<size_t> order = ByProbability(scores);
  if (call.top_k > 0) order.resize(std::min(order.size(), call.top_k));
  Json list = Json::array();
  for (const size_t i : order) list.push_back({{"score", scores[i]}, {"label", classifier.labels()[i]}});
  return list;
}

HttpResponse PredictResponse(const ServedModel& model, const PredictCall& call, const TeiCosts& costs,
                             const std::vector<ClassifiedText>& texts) {
  HttpResponse response;
  switch (call.form) {
    case PredictCall::Form::kPlain:
      response = JsonResponse(PlainPrediction(model, texts.front(), costs.arrived));
      break;
    case PredictCall::Form::kSingle:
      response = JsonResponse(Predictions(model, call, texts.front()));
      break;
    case PredictCall::Form::kBatch:
      response.body = JsonArrayText(texts.size(), [&](size_t i) { return Predictions(model, call, texts[i]); });
  }
  AddTeiHeaders(costs, response);
  return response;
}

/// To TEI a list of two strings is one pair. For a model that reads texts of several segments it is; for others it is a
/// batch, as lists of other lengths are, which TEI refuses.
void JoinPair(PredictCall& call, const BundleClassifier& classifier) {
  if (!call.may_be_pair || classifier.segments() == 1) return;
  const std::string pair[] = {call.texts.texts[0].joined(), call.texts.texts[1].joined()};
  call.texts.texts = {InputText::OfSegments(pair)};
  if (!call.has_parameters) call.form = PredictCall::Form::kSingle;
}

/// What only the model knows to be wrong with a request.
ApiResult<void> CheckFits(const PredictCall& call, const BundleClassifier& classifier) {
  const char* const own = classifier.multi_label() ? "sigmoid" : "softmax";
  if (!call.function.empty() && call.function != own) {
    return Reject(fmt::format("'function_to_apply' must be {} for this model", own));
  }
  if (call.may_cut) return {};
  for (const InputText& text : call.texts.texts) {
    if (!classifier.scorer().IsCut(text)) continue;
    return Reject(
        413, "Validation",
        fmt::format(
            "'inputs': a text has more than the {} tokens that the model reads; set 'truncate' to true or omit it",
            classifier.manifest().max_length));
  }
  return {};
}

ApiResult<void> Predict(const SharedService& service, const SharedRequest& request, const HttpReply& plain_reply) {
  const HttpReply reply = AsTei(plain_reply);
  PredictCall call = TRY(ReadPredict(*request, service->limits));
  const std::string model_name = call.model;
  UseModel(*service, model_name, reply,
           [service, request, reply, call = std::move(call)](const ModelSet::Model& model) mutable -> ApiResult<void> {
             TRY(CheckDecisionFields(call.options, model->classifier()));
             JoinPair(call, model->classifier());
             TRY(FitToModel(call.texts, model->classifier(), service->limits, /*pairs=*/true));
             TRY(CheckFits(call, model->classifier()));
             const size_t characters = Characters(call.texts);
             ServedModel::Request texts = {
                 .texts = std::move(call.texts.texts), .options = call.options, .no_store = call.no_store};
             ClassifyAndReply(*service, model, *request, std::move(texts), reply,
                              [model, call = std::move(call), characters, arrived = request->arrived](
                                  const std::vector<ClassifiedText>& results, const ServedTimes& times) {
                                return PredictResponse(*model, call,
                                                       {.characters = characters, .arrived = arrived, .times = times},
                                                       results);
                              });
             return {};
           });
  return {};
}

// Documentation.

Json PredictResponseSchema() {
  return ParsedJson(R"({"anyOf": [
    {"type": "array", "description": "Response to one text", "items": {"$ref": "#/components/schemas/Prediction"}},
    {"type": "array", "description": "Response to several texts",
     "items": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}}},
    {"type": "object", "description": "Response to a request with the field text",
     "required": ["label", "confidence", "scores", "model", "inference_time_ms"],
     "properties": {
       "label": {"type": ["string", "null"], "description": "Decided label, or the most probable label if none was decided"},
       "confidence": {"type": "number", "description": "Probability of the decided label"},
       "scores": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Probability of each label by its name"},
       "model": {"type": "string", "description": "Name of the model that was used"},
       "inference_time_ms": {"type": "number", "description": "Time from the arrival of the request to its response, in milliseconds"},
       "decision": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Of multi-label models: the decided labels; for an out-of-scope text, its label"},
       "abstained": {"type": "boolean", "description": "Of models with a rule for abstention: whether the text is too uncertain to act on"},
       "nearest_label": {"type": ["string", "null"], "description": "For an out-of-scope text: the label that confidence refers to"}}}]})");
}

RouteDocs PredictDocs() {
  return {
      .summary = "Classifies texts, in the format of Text Embeddings Inference",
      .description =
          "The response to one text is `[{\"score\", \"label\"}]`, to a list of texts a list of such lists, "
          "and to `{\"text\": ...}` one object. With `parameters`, as the InferenceClient of huggingface_hub "
          "sends them, the response to one text is a list of lists too.\n\nA list within the list is a text or "
          "a pair: `[[\"a\"], [\"a\", \"b\"]]`. A model whose text template has segments (`{subject} [SEP] "
          "{body}`) reads a pair as two segments, and reads `[\"a\", \"b\"]` as one pair, as Text Embeddings "
          "Inference does. Other models read a pair as their tokenizer encodes pairs, truncate the longer text "
          "first, and read `[\"a\", \"b\"]` as two texts.\n\nA text that exceeds the maximum length is "
          "truncated or read in windows, depending on the model; with `truncate` false, a text that the model "
          "would not read completely is refused with 413.\n\n`raw_scores` returns the logits of the model. "
          "Calibration by a temperature is reversed; for single-label models, the logits are shifted to have a "
          "mean of 0. With other calibrations, the logits are those after calibration; their softmax or sigmoid gives the scores.\n\nThe headers `x-compute-type`, `x-compute-time`, `x-compute-characters`, "
          "`x-compute-tokens`, `x-total-time`, `x-tokenization-time`, `x-queue-time` and `x-inference-time` "
          "are part of each response; times are in milliseconds.",
      .tag = kTeiTag,
      .request = TeiRequestSchema(),
      .answer = PredictResponseSchema(),
      .example = {{"inputs", {"You won a prize, claim it now", "See you at lunch"}}},
      .answer_example = ParsedJson(R"([[{"score": 0.8551, "label": "spam"}, {"score": 0.1449, "label": "ham"}],
                                           [{"score": 0.998, "label": "ham"}, {"score": 0.002, "label": "spam"}]])"),
      .errors = {404, 424}};
}

}  // namespace

std::vector<Route> TeiRoutes(const SharedService& service) {
  std::vector<Route> routes;
  for (const char* const path : {"/predict", "/", "/invocations"}) {
    RouteDocs docs = PredictDocs();
    if (path != std::string_view("/predict")) docs.summary = "Classifies texts, like /predict";
    routes.push_back({.method = "POST",
                      .path = path,
                      .role = Role::kClassify,
                      .docs = std::move(docs),
                      .handle = Handler(service, Predict)});
  }
  return routes;
}

}  // namespace winnow

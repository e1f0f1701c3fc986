#include "classify/explain.h"
#include "classify/prediction_json.h"
#include "server/decision_fields.h"
#include "server/header_values.h"
#include "server/request_texts.h"
#include "server/service.h"

namespace winnow {
namespace {

/// The largest number of texts of a request for explanations: a text takes the time of as many texts as it has words.
constexpr size_t kMostExplained = 16;
constexpr int64_t kMostMilliseconds = 600000;

/// One request of /v1/classify, checked.
struct ClassifyCall {
  std::string model;
  RequestTexts texts;
  ServedModel::Request request;
  size_t top_k = 0;
  bool explain = false;
};

/// Returns true if a list of values, as of Cache-Control, has this one.
bool HasDirective(std::string_view header, std::string_view directive) {
  while (!header.empty()) {
    if (EqualsIgnoringCase(TakeListed(header), directive)) return true;
  }
  return false;
}

/// Fields besides the texts.
ApiResult<void> ReadClassifyOptions(const Json& body, const HttpRequest& request, ClassifyCall& call) {
  call.model = TRY(StringOr(body, "model", ""));
  call.request.options = TRY(ReadDecisionFields(body));
  call.top_k = static_cast<size_t>(TRY(IntegerOr(body, "top_k", 0, 0, 1 << 30)));
  TRY(StringOr(body, "user", ""));
  call.explain = TRY(FlagOr(body, "explain", false));
  const std::string cache = TRY(StringOr(body, "cache", ""));
  if (!cache.empty() && cache != "no-store") return Reject("'cache' must be no-store or absent");
  call.request.no_store = !cache.empty() || HasDirective(request.Header("cache-control"), "no-store");
  const int64_t timeout = TRY(IntegerOr(body, "timeout_ms", 0, 1, kMostMilliseconds));
  if (timeout > 0) call.request.deadline = request.arrived + std::chrono::milliseconds(timeout);
  return {};
}

const Json& ClassifyRequestSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
      "type": "object", "additionalProperties": false,
      "oneOf": [{"required": ["text"], "properties": {"text": {"$ref": "#/components/schemas/Text"}, "texts": {"type": "null"}}},
                {"required": ["texts"], "properties": {"texts": {"type": "array"}, "text": {"type": "null"}}}],
      "not": {"required": ["mode", "threshold"], "properties": {"mode": {"type": "string"}, "threshold": {"type": "number"}}},
      "properties": {
        "text": {"anyOf": [{"$ref": "#/components/schemas/Text"}, {"type": "null"}], "description": "The text to classify: a string, a list of segments, or an object with the fields of the model's text template"},
        "texts": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Text"}, "description": "In place of text: at most 10000 texts"},
        "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"},
        "top_k": {"type": ["integer", "null"], "minimum": 0, "maximum": 1073741824, "default": 0, "description": "Number of scores per text; 0: all"},
        "user": {"type": ["string", "null"], "description": "ID of the end user; accepted, but not used"},
        "explain": {"type": ["boolean", "null"], "default": false, "description": "Return the effect of each word on the log-odds of a label, for at most 16 texts; slow for transformers, because each text is classified once per word"},
        "cache": {"enum": ["no-store", null], "description": "no-store: neither read nor write the cache for these texts. The header Cache-Control: no-store has the same effect"},
        "timeout_ms": {"type": ["integer", "null"], "minimum": 1, "maximum": 600000, "description": "Timeout in milliseconds; after it, the request is not computed and gets status 503"}}})");
    made["properties"].update(DecisionFieldSchemas());
    return made;
  }();
  return schema;
}

ApiResult<ClassifyCall> ReadClassifyCall(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, ClassifyRequestSchema()));
  const Json *const text = FindField(body, "text"), *const texts = FindField(body, "texts");
  if ((text == nullptr) == (texts == nullptr)) return Reject("specify either 'text' or 'texts'");
  ClassifyCall call;
  call.texts = TRY(text != nullptr ? ReadText(*text, "text", limits) : ReadTexts(*texts, "texts", limits));
  TRY(ReadClassifyOptions(body, request, call));
  if (call.explain && call.texts.texts.size() > kMostExplained) {
    return Reject("'explain' is limited to " + std::to_string(kMostExplained) + " texts per request");
  }
  return call;
}

Json ResultOf(const BundleClassifier& classifier, size_t top_k, const ClassifiedText& text) {
  const ScopeRule* const scope = classifier.scope_rule();
  const PredictionLabels labels{classifier.labels(), classifier.multi_label(),
                                scope == nullptr ? "" : std::string_view(scope->label)};
  return PredictionJson(labels, text, top_k);
}

HttpResponse Answer(const ServedModel& model, const std::string& id, size_t count,
                    const std::function<Json(size_t)>& result) {
  return JsonResponse({{"id", id}, {"model", model.name()}, {"version", model.version()}}, "results", count, result);
}

/// One request for explanations on its way. Each text is a task of its own, so that clients take turns between texts.
class Explaining : public std::enable_shared_from_this<Explaining> {
 public:
  Explaining(SharedService service, ModelSet::Model model, SharedRequest request,
             std::shared_ptr<const ClassifyCall> call, HttpReply reply)
      : service_(std::move(service)),
        model_(std::move(model)),
        request_(std::move(request)),
        call_(std::move(call)),
        reply_(std::move(reply)),
        views_(call_->texts.texts.begin(), call_->texts.texts.end()) {}

  /// Has the next step run on the thread for explanations. Returns false if too many wait for it.
  bool Post() {
    return service_->explaining->Post(request_->caller, [self = shared_from_this()] { self->Step(); });
  }

 private:
  /// Does one step, and posts the next one, or replies.
  void Step() {
    do {
      if (const ApiResult<void> done = results_.empty() ? Classify() : ExplainNext(); !done) {
        return reply_(done.error().Response());
      }
      if (explained_ == views_.size()) return reply_(Answered());
    } while (!Post());  // what has begun ends, even if the queue is full by now
  }

  /// Makes the predictions.
  ApiResult<void> Classify() {
    const BundleClassifier& classifier = model_->classifier();
    auto classified = classifier.Classify(views_, call_->request.options);
    if (!classified) return std::unexpected(ToApiError(classified.error()));
    classified_ = std::move(*classified);
    for (const ClassifiedText& text : classified_) results_.push_back(ResultOf(classifier, call_->top_k, text));
    return {};
  }

  ApiResult<void> ExplainNext() {
    if (std::chrono::steady_clock::now() >= call_->request.deadline ||
        (request_->client_disconnected && *request_->client_disconnected)) {
      return Reject(503, "Timeout", "the request was not processed: its timeout expired, or its client disconnected");
    }
    const InputTextView& text = views_[explained_];
    const auto explanation = ExplainText(model_->classifier(), text, call_->request.options);
    if (!explanation) return std::unexpected(ToApiError(explanation.error()));
    results_[explained_++]["explanation"] = ExplanationJson(*explanation, text.joined());
    return {};
  }

  HttpResponse Answered() {
    // The places of words refer to this text if the template has made it of a row.
    for (const auto& [t, row] : call_->texts.rows) results_[t]["explanation"]["text"] = views_[t].joined();
    return WithDecisions(*model_, classified_, Answer(*model_, request_->id, results_.size(), [this](size_t t) {
      return std::move(results_[t]);
    }));
  }

  const SharedService service_;
  const ModelSet::Model model_;
  const SharedRequest request_;
  const std::shared_ptr<const ClassifyCall> call_;
  const HttpReply reply_;
  const std::vector<InputTextView> views_;  // of call_
  std::vector<ClassifiedText> classified_;
  std::vector<Json> results_;
  size_t explained_ = 0;
};

ApiResult<void> Classify(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const auto call = std::make_shared<ClassifyCall>(TRY(ReadClassifyCall(*request, service->limits)));
  UseModel(
      *service, call->model, reply, [service, call, request, reply](const ModelSet::Model& model) -> ApiResult<void> {
        TRY(CheckDecisionFields(call->request.options, model->classifier()));
        TRY(FitToModel(call->texts, model->classifier(), service->limits, /*pairs=*/false));
        if (call->explain) {
          if (std::make_shared<Explaining>(service, model, request, call, reply)->Post()) return {};
          return std::unexpected(
              TooManyRequests("Overloaded", "too many explanation requests are in the queue", std::chrono::seconds(1)));
        }
        call->request.texts = std::move(call->texts.texts);
        ClassifyAndReply(*service, model, *request, std::move(call->request), reply,
                         [model, top_k = call->top_k, id = request->id](const auto& results, const auto&) {
                           return Answer(*model, id, results.size(),
                                         [&](size_t i) { return ResultOf(model->classifier(), top_k, results[i]); });
                         });
        return {};
      });
  return {};
}

RouteDocs ClassifyDocs() {
  return {
      .summary = "Classifies one or more texts",
      .description =
          "`score` is the probability of the positive label if the model has two labels, one of them positive, otherwise "
          "that of the decided label; `confidence` is the probability of the decided label. `decision` is a list "
          "for multi-label models; `abstained` says whether it is too uncertain to act on.\n\nThe positive label is decided from a decision "
          "threshold: that of `mode` (`strict` flags the most texts, `lenient` the fewest), or `threshold`. So a "
          "decision may differ from the most probable label; `threshold` in the result says why.",
      .tag = "Classify",
      .request = ClassifyRequestSchema(),
      .answer = ParsedJson(R"({
        "type": "object", "required": ["id", "model", "version", "results"],
        "properties": {
          "id": {"type": "string", "description": "ID of the request, as in the header X-Request-Id"},
          "model": {"type": "string", "description": "Name of the model that was used"},
          "version": {"type": "string", "description": "Version of that model"},
          "results": {"type": "array", "description": "One result per text, in the order of the request", "items": {
            "type": "object", "required": ["label", "score", "confidence", "scores", "decision", "abstained"],
            "properties": {
              "label": {"type": ["string", "null"], "description": "Decided label, or the most probable label if none was decided"},
              "score": {"type": "number", "description": "Probability of the positive label if the model has two labels, one of them positive; otherwise of the decided label"},
              "confidence": {"type": "number", "description": "Probability of the decided label"},
              "scores": {"type": "array", "description": "Labels with their probabilities, most probable first",
                "items": {"type": "object", "required": ["label", "score"], "properties": {
                  "label": {"type": "string", "description": "Name of the label"},
                  "score": {"type": "number", "description": "Probability of the label"}}}},
              "decision": {"type": ["string", "null", "array"], "items": {"type": "string"}, "description": "Decided label, also if the model abstained; for multi-label models, the list of decided labels"},
              "abstained": {"type": "boolean", "description": "Whether the prediction is too uncertain to act on"},
              "threshold": {"type": "number", "description": "Decision threshold that was applied: that of the positive label, or, in a multi-label model, that of the label in the field label. Absent if the model has no positive label"},
              "out_of_scope": {"type": "boolean", "description": "Whether the text belongs to none of the labels; present for models with out-of-scope detection"},
              "scope_score": {"type": "number", "description": "Score that is compared with the out-of-scope threshold; present with out_of_scope"},
              "nearest_label": {"type": ["string", "null"], "description": "For an out-of-scope text: the label that score and confidence refer to"},
              "explanation": {"type": "object", "description": "Effect of each word; present if the request has explain",
                "required": ["label", "method", "score", "base", "words"],
                "properties": {
                  "label": {"type": "string", "description": "Label whose log-odds the effects are about"},
                  "method": {"enum": ["occlusion", "linear"], "description": "linear: exact contributions in a linear model; occlusion: each word was left out once"},
                  "score": {"type": "number", "description": "Probability of that label"},
                  "base": {"type": "number", "description": "Log-odds of the label without any word; with method linear, the part of the log-odds that no word contributes: base and all effects add up to the log-odds"},
                  "words": {"type": "array", "description": "Words of the text, in their order", "items": {"type": "object",
                    "required": ["text", "begin", "end", "effect", "score_change"],
                    "properties": {
                      "text": {"type": "string", "description": "The word"},
                      "begin": {"type": "integer", "description": "Position of its first character, in code points"},
                      "end": {"type": "integer", "description": "Position after its last character, in code points"},
                      "effect": {"type": "number", "description": "Effect of the word on the log-odds of the label"},
                      "score_change": {"type": "number", "description": "Effect of the word on the probability of the label"}}}},
                  "text": {"type": "string", "description": "For a row: the text that the template makes of it, with segments separated by U+001E; begin and end refer to this text"},
                  "words_in_effect": {"type": "integer", "description": "Number of neighbouring words that share one effect; present if greater than 1"},
                  "unread_words": {"type": "integer", "description": "Number of words beyond the maximum length; present if there are any"}}}}}}}})"),
      .example = {{"text", "You won a prize, claim it now"}},
      .answer_example = ParsedJson(R"({"id": "186e159cad2c9138", "model": "spam", "version": "1.0.0", "results": [
            {"label": "spam", "score": 0.8551, "confidence": 0.8551,
             "scores": [{"label": "spam", "score": 0.8551}, {"label": "ham", "score": 0.1449}],
             "decision": "spam", "abstained": false, "threshold": 0.5}]})"),
      .errors = {404}};
}

}  // namespace

std::vector<Route> ClassifyRoutes(const SharedService& service) {
  return {{.method = "POST",
           .path = "/v1/classify",
           .role = Role::kClassify,
           .docs = ClassifyDocs(),
           .handle = Handler(service, Classify)}};
}

}  // namespace winnow

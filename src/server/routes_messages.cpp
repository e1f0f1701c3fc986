#include <fmt/format.h>

#include "filter/filter_model.h"
#include "filter/sender.h"
#include "server/decision_fields.h"
#include "server/filter_request.h"
#include "server/service.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

const Json& CheckSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
      "type": "object", "additionalProperties": false,
      "anyOf": [{"required": ["text"]}, {"required": ["subject"]}, {"required": ["body"]}],
      "not": {"required": ["mode", "threshold"], "properties": {"mode": {"type": "string"}, "threshold": {"type": "number"}}},
      "properties": {
        "text": {"type": ["string", "null"], "description": "The message; may be empty"},
        "subject": {"type": ["string", "null"], "description": "Subject of a mail"},
        "body": {"type": ["string", "null"], "description": "Body of a mail"},
        "sender": {"type": ["string", "null"], "maxLength": 1024, "description": "Mail address, telephone number or name of the sender"},
        "sender_name": {"type": ["string", "null"], "description": "Display name of the sender"},
        "recipient": {"type": ["string", "null"], "description": "Mail address or telephone number of the recipient"},
        "user": {"type": ["string", "null"], "maxLength": 1024, "description": "ID of the user whose message it is; chooses preferences and reputation"},
        "model": {"type": ["string", "null"], "description": "\"spam\", \"spam@champion\" or \"spam:1.2.0\"; left out: the default model"}}})");
    made["properties"]["mode"] = ParsedJson(R"({"enum": ["strict", "moderate", "lenient", null],
      "description": "Decision thresholds to use in place of the user's preferences: strict flags the most messages, lenient the fewest"})");
    made["properties"]["threshold"] = DecisionFieldSchemas().at("threshold");
    return made;
  }();
  return schema;
}

/// One message on its way.
struct CheckCall {
  FilterMessage message;
  std::optional<FilterMode> requested;
  std::string model;
  FilterProgress progress;
};

ApiResult<CheckCall> ReadCheck(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, CheckSchema()));
  CheckCall call;
  bool any = false;
  for (const auto& [name, field] : {std::pair{"text", &call.message.text}, std::pair{"subject", &call.message.subject},
                                    std::pair{"body", &call.message.body}}) {
    const Json* const value = Field(body, name);
    if (value == nullptr) continue;
    *field = TRY(TextOf(*value, name, limits));
    any = true;
  }
  if (!any) return Reject("specify 'text', or 'subject' and 'body'");
  call.message.sender = TRY(NameOr(body, "sender"));
  call.message.sender_name = TRY(NameOr(body, "sender_name"));
  call.message.recipient = TRY(NameOr(body, "recipient"));
  call.message.user = TRY(NameOr(body, "user"));
  call.model = TRY(StringOr(body, "model", ""));
  const ClassifyOptions options = TRY(ReadDecisionFields(body));
  if (Field(body, "mode") != nullptr || Field(body, "threshold") != nullptr) {
    call.requested = {.mode = options.mode, .threshold = options.threshold, .origin = FilterMode::Origin::kRequest};
  }
  return call;
}

/// A message from the reading of its request to its verdict.
class Checking : public std::enable_shared_from_this<Checking> {
 public:
  Checking(SharedService service, SharedRequest request, HttpReply reply, CheckCall call)
      : service_(std::move(service)), request_(std::move(request)), reply_(std::move(reply)), call_(std::move(call)) {}

  /// Looks up what is known about sender and user, in memory if possible, and goes on.
  void Start() {
    const FilterService& filter = *service_->filter;
    if (!filter.has_store()) return GoOn({});
    const std::string sender = NormalSender(call_.message.sender);
    if (std::optional<KnownState> known = filter.known().Cached(sender, call_.message.user)) return GoOn(*known);
    const bool posted = filter.reads().Post(request_->caller, [self = shared_from_this(), sender] {
      self->GoOn(self->service_->filter->known().Load(sender, self->call_.message.user));
    });
    if (!posted) GoOn({});  // a verdict does not wait for the store
  }

 private:
  /// Runs the steps before the classifier, and then the classifier.
  void GoOn(const KnownState& known) {
    Count("lookup", begin_);
    const Clock::time_point begin = Clock::now();
    call_.progress = service_->filter->filter().Begin(call_.message, known, call_.requested);
    Count("rules", begin);
    if (call_.progress.decided) return Answer(*call_.progress.decided);
    service_->models->Use(call_.model, [self = shared_from_this()](const ApiResult<ModelSet::Model>& model) {
      if (model) return self->Classify(*model);
      if (!self->call_.model.empty() && model.error().status == 404) return self->reply_(model.error().Response());
      self->Answer(self->service_->filter->filter().FallBack(std::move(self->call_.progress)));
    });
  }

  void Classify(const ModelSet::Model& model) {
    const BundleClassifier& classifier = model->classifier();
    if (const Result<void> fits = CheckFilterModel(classifier); !fits) {
      return reply_(ApiError{.message = fits.error().message}.Response());
    }
    ServedModel::Request texts;
    texts.texts.push_back(TextForModel(call_.message, classifier.text_template()));
    texts.options = call_.progress.options();
    texts.client = request_->caller;
    texts.arrived = request_->arrived;
    texts.waited = request_->waited;
    texts.client_disconnected = request_->client_disconnected;
    texts.max_tokens = service_->limits.max_tokens;
    texts.max_windows = service_->limits.max_windows;
    texts.defer = request_->defer;
    const Clock::time_point begin = Clock::now();
    model->Classify(std::move(texts), [self = shared_from_this(), model, begin](
                                          const ApiResult<std::vector<ClassifiedText>>& results, const ServedTimes&) {
      self->Count("classifier", begin);
      const SpamFilter& filter = self->service_->filter->filter();
      if (results) {
        return self->Answer(
            filter.Decide(std::move(self->call_.progress), AnswerOf(model->classifier(), results->front())),
            std::make_shared<const DecisionCounts>(model->Count(*results)));
      }
      // A model that fails is replaced by the rules. A full queue is not: clients must send less.
      const ApiError& error = results.error();
      if (error.status == 500 || error.type == "Unavailable") {
        return self->Answer(filter.FallBack(std::move(self->call_.progress)));
      }
      self->reply_(error.Response());
    });
  }

  void Answer(const Verdict& verdict, std::shared_ptr<const DecisionCounts> decisions = {}) {
    if (service_->metrics) {
      service_->metrics->Filtered(SourceName(verdict.source), verdict.is_spam, SecondsSince(begin_));
    }
    if (service_->filter->has_store() && service_->filter->history() != nullptr) {
      service_->filter->history()->Add(RecordOf(call_.message, verdict));
    }
    HttpResponse response = JsonResponse(VerdictJson(verdict));
    response.decisions = std::move(decisions);
    reply_(std::move(response));
  }

  void Count(std::string_view step, Clock::time_point begin) const {
    if (service_->metrics) service_->metrics->FilterStep(step, SecondsSince(begin));
  }

  const SharedService service_;
  const SharedRequest request_;
  const HttpReply reply_;
  CheckCall call_;
  const Clock::time_point begin_ = Clock::now();
};

ApiResult<void> Check(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  CheckCall call = TRY(ReadCheck(*request, service->limits));
  std::make_shared<Checking>(service, request, reply, std::move(call))->Start();
  return {};
}

RouteDocs CheckDocs() {
  return {
      .summary = "Decides whether a message is spam",
      .description =
          "The steps are: reputation of the sender, rules, corrections of near-duplicates, the model. Each step may decide; `source` is the one that "
          "did, and `symbols` are the reasons. If the model cannot be used, rules and reputation decide, and `source` is "
          "`fallback`. A store that is down does not prevent a verdict.\n\nThe decision threshold is that of the request, "
          "otherwise that of the user's preferences, otherwise that of the server; `mode`, `modeFrom` and `threshold` "
          "in the response say which one was applied.",
      .tag = "Messages",
      .request = CheckSchema(),
      .answer = ParsedJson(R"({
        "type": "object", "required": ["id", "isSpam", "confidence", "score", "modelVersion", "source", "symbols", "mode", "modeFrom", "threshold"],
        "properties": {
          "id": {"type": "string", "description": "ID of the message, for feedback and the history"},
          "isSpam": {"type": "boolean", "description": "The verdict"},
          "confidence": {"type": "number", "description": "Probability of the verdict"},
          "score": {"type": "number", "description": "Probability of spam"},
          "modelVersion": {"type": ["string", "null"], "description": "Version of the model; null if no model took part"},
          "source": {"enum": ["reputation", "rules", "classifier", "fallback"], "description": "The step that decided"},
          "symbols": {"type": "array", "description": "The reasons", "items": {"type": "object", "required": ["name", "score"], "properties": {
            "name": {"type": "string", "description": "Name of a rule, SENDER_ALLOWED, SENDER_DENIED, SENDER_USER, SENDER_ALL, MEMORY_SPAM, MEMORY_HAM, CLASSIFIER or EMPTY_MESSAGE"},
            "score": {"type": "number", "description": "Score of the rule or of the sender; of CLASSIFIER: log-odds. Above 0: evidence of spam"}}}},
          "mode": {"enum": ["strict", "moderate", "lenient", null], "description": "Mode of the decision threshold; null for a threshold that is a number"},
          "modeFrom": {"enum": ["request", "preferences", "default"], "description": "Who chose the decision threshold"},
          "threshold": {"type": "number", "description": "Decision threshold, which the score was compared with unless an earlier step decided"}}})"),
      .example = {{"text", "Congratulations! You've won a $1000 gift card. Click here to claim"},
                  {"sender", "+447700900123"},
                  {"user", "anna"}},
      .answer_example = ParsedJson(R"({"id": "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d", "isSpam": true, "confidence": 0.9884,
        "score": 0.9884, "modelVersion": "1.0.0", "source": "classifier",
        "symbols": [{"name": "PRIZE_WON", "score": 2}, {"name": "CLASSIFIER", "score": 2.53}],
        "mode": "moderate", "modeFrom": "default", "threshold": 0.5})"),
      .errors = {404}};
}

}  // namespace

std::vector<Route> MessageRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back({.method = "POST",
                    .path = "/v1/messages/check",
                    .role = Role::kClassify,
                    .docs = CheckDocs(),
                    .handle = Handler(service, Check)});
  return routes;
}

}  // namespace winnow

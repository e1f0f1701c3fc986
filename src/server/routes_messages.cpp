#include "server/decision_fields.h"
#include "server/filter_request.h"
#include "server/message_check.h"
#include "store/user_name.h"

namespace winnow {
namespace {

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

ApiResult<MessageCheck> ReadCheck(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, CheckSchema()));
  MessageCheck check;
  bool any = false;
  for (const auto& [name, field] :
       {std::pair{"text", &check.message.text}, std::pair{"subject", &check.message.subject},
        std::pair{"body", &check.message.body}}) {
    const Json* const value = FindField(body, name);
    if (value == nullptr) continue;
    *field = TRY(TextOf(*value, name, limits));
    any = true;
  }
  if (!any) return Reject("specify 'text', or 'subject' and 'body'");
  check.message.sender = TRY(NameOr(body, "sender"));
  check.message.sender_name = TRY(NameOr(body, "sender_name"));
  check.message.recipient = TRY(NameOr(body, "recipient"));
  check.message.user = NormalUser(TRY(NameOr(body, "user")));
  check.model = TRY(StringOr(body, "model", ""));
  const ClassifyOptions options = TRY(ReadDecisionFields(body));
  if (FindField(body, "mode") != nullptr || FindField(body, "threshold") != nullptr) {
    check.requested = {.mode = options.mode, .threshold = options.threshold, .origin = FilterMode::Origin::kRequest};
  }
  return check;
}

ApiResult<void> Check(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  CheckMessage(service, request, reply, TRY(ReadCheck(*request, service->limits)),
               [](const FilterMessage&, const Verdict& verdict) { return JsonResponse(VerdictJson(verdict)); });
  return {};
}

RouteDocs CheckDocs() {
  return {
      .summary = "Decides whether a message is spam",
      .description =
          "The first of these steps that applies decides: a list of senders, a correction of a near-duplicate, the "
          "threshold of the rules, the model. `source` is the step that decided, and `symbols` are the reasons. If the "
          "model cannot be used, rules and reputation decide, and `source` is `fallback`. A store that is down does "
          "not prevent a verdict.\n\nThe decision threshold is that of the request, "
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

#include <fmt/format.h>

#include "base/ascii.h"
#include "server/filter_request.h"
#include "server/record_feedback.h"
#include "server/service.h"

namespace winnow {
namespace {

const Json& Schema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false,
    "oneOf": [{"required": ["id"], "properties": {"id": {"type": "string"}, "text": {"type": "null"}}},
              {"required": ["text"], "properties": {"text": {"type": "string"}, "id": {"type": "null"}}}],
    "anyOf": [{"required": ["is_spam"]}, {"required": ["label"]}],
    "properties": {
      "id": {"type": ["string", "null"], "minLength": 1, "maxLength": 1024, "description": "ID of a verdict"},
      "text": {"type": ["string", "null"], "description": "In place of id: the text of the message"},
      "sender": {"type": ["string", "null"], "maxLength": 1024, "description": "With text: the sender of the message"},
      "is_spam": {"type": ["boolean", "null"], "description": "Whether the message is spam"},
      "label": {"type": ["string", "null"], "minLength": 1, "maxLength": 1024, "description": "In place of is_spam: the right label, such as spam or ham"},
      "feedback_type": {"enum": ["user_rejection", "user_confirmation", "admin", null], "description": "user_rejection: the verdict was wrong; user_confirmation: it was right; admin: for all users, which requires the role admin. Left out: by comparison with the verdict"},
      "user": {"type": ["string", "null"], "maxLength": 1024, "description": "ID of the user who says so"}}})");
  return schema;
}

/// Returns what the label says about spam; nothing for labels of other models.
std::optional<bool> IsSpamLabel(std::string_view label) {
  const std::string lower = LowerAscii(label);
  if (lower == "spam" || lower == "junk") return true;
  if (lower == "ham" || lower == "not_spam" || lower == "not spam" || lower == "legitimate") return false;
  return std::nullopt;
}

ApiResult<void> ReadLabel(const Json& body, FeedbackCall& call) {
  const Json *const label = Field(body, "label"), *const is_spam = Field(body, "is_spam");
  if (label == nullptr && is_spam == nullptr) return Reject("specify 'is_spam' or 'label'");
  if (is_spam != nullptr) call.is_spam = TRY(FlagOr(body, "is_spam", false));
  if (label == nullptr) return {};
  call.label = TRY(NameOr(body, "label"));
  if (call.label->empty()) return Reject("'label' must not be empty");
  const std::optional<bool> says = IsSpamLabel(*call.label);
  if (call.is_spam && says && *says != *call.is_spam) {
    return Reject("'label' and 'is_spam' contradict each other; send one of them");
  }
  if (!call.is_spam) call.is_spam = says;
  return {};
}

ApiResult<FeedbackCall> ReadCall(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, Schema()));
  FeedbackCall call;
  const Json *const id = Field(body, "id"), *const text = Field(body, "text");
  if ((id == nullptr) == (text == nullptr)) return Reject("specify either 'id' or 'text'");
  call.id = TRY(NameOr(body, "id"));
  if (id != nullptr && call.id.empty()) return Reject("'id' must not be empty");
  if (text != nullptr) call.text = TRY(TextOf(*text, "text", limits));
  call.sender = TRY(NameOr(body, "sender"));
  call.user = TRY(NameOr(body, "user"));
  TRY(ReadLabel(body, call));
  call.type = TRY(StringOr(body, "feedback_type", ""));
  if (!call.type.empty() && call.type != "user_rejection" && call.type != "user_confirmation" && call.type != "admin") {
    return Reject("'feedback_type' must be user_rejection, user_confirmation or admin");
  }
  if (call.type == "admin" && request.role != Role::kAdmin) {
    return Reject(403, "Forbidden", "'feedback_type' admin requires an API key with the role admin");
  }
  // Keys of different clients must not meet.
  const std::string_view key = request.Header("idempotency-key");
  if (key.size() > 512) return Reject("the Idempotency-Key is longer than 512 bytes");
  if (!key.empty()) call.key = fmt::format("http/{}/{}", request.key, key);
  if (call.key.empty()) call.key = "http/" + RandomKey();
  return call;
}

std::string_view OutcomeName(FeedbackOutcome outcome) {
  if (outcome == FeedbackOutcome::kStored) return "stored";
  return outcome == FeedbackOutcome::kDuplicate ? "duplicate" : "spooled";
}

ApiResult<HttpResponse> Record(const FilterService& filter, const FeedbackCall& call) {
  const RecordedFeedback recorded = TRY(RecordFeedback(filter, call));
  const FeedbackEvent& event = recorded.event;
  return JsonResponse({{"id", *event.message_id},
                       {"status", OutcomeName(recorded.outcome)},
                       {"is_spam", event.is_spam ? Json(*event.is_spam) : Json()},
                       {"label", event.label ? Json(*event.label) : Json()},
                       {"feedback_type", event.feedback_type}});
}

ApiResult<void> Feedback(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  FeedbackCall call = TRY(ReadCall(*request, service->limits));
  AskStore(service, request, reply, [service, call = std::move(call)] { return Record(*service->filter, call); });
  return {};
}

RouteDocs Docs() {
  return {
      .summary = "Reports whether a message is spam",
      .description =
          "By the id of a verdict, or by the text. The response is sent when the feedback is durable: `stored` in the "
          "store, or `spooled` on the server's disk while the store is down. With the header `Idempotency-Key`, a "
          "request can be repeated: the event is stored once, and `status` is `duplicate`. What a user says last about a "
          "message replaces what the user has said before.\n\nThe sender's score changes at once: for the user, or for "
          "all users if there is no `user` or `feedback_type` is `admin`.",
      .tag = "Messages",
      .request = Schema(),
      .answer = ParsedJson(R"({
        "type": "object", "required": ["id", "status", "is_spam", "label", "feedback_type"], "properties": {
          "id": {"type": "string", "description": "ID of the message; for a text, a digest of it"},
          "status": {"enum": ["stored", "duplicate", "spooled"], "description": "What became of the event"},
          "is_spam": {"type": ["boolean", "null"], "description": "Whether the message is spam; null for labels of other models"},
          "label": {"type": ["string", "null"], "description": "The label"},
          "feedback_type": {"type": "string", "description": "Kind of feedback"}}})"),
      .example = {{"id", "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d"}, {"is_spam", false}, {"user", "anna"}},
      .answer_example = ParsedJson(R"({"id": "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d", "status": "stored", "is_spam": false,
        "label": "ham", "feedback_type": "user_rejection"})"),
      .errors = {404, 409}};
}

}  // namespace

std::vector<Route> FeedbackRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back({.method = "POST",
                    .path = "/v1/feedback",
                    .role = Role::kFeedback,
                    .docs = Docs(),
                    .handle = Handler(service, Feedback)});
  return routes;
}

}  // namespace winnow

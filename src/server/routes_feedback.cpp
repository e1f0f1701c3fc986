#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/log.h"
#include "filter/spam_filter.h"
#include "server/filter_request.h"
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

struct FeedbackCall {
  std::string id, text, sender, user, type, key;
  std::optional<std::string> label;
  std::optional<bool> is_spam;
};

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

/// Returns the message that the feedback is about; nothing if there is none or, while the store is down, it is unknown.
ApiResult<std::optional<MessageRecord>> FindMessage(const FilterService& filter, const std::string& id) {
  if (filter.history() != nullptr) {
    if (std::optional<MessageRecord> recent = filter.history()->Recent(id)) return recent;
  }
  const std::shared_ptr<Store> store = filter.recorder().store();
  if (store == nullptr || !filter.recorder().counts().up) return std::nullopt;
  Result<std::optional<StoredMessage>> found = store->FindMessage(id);
  if (!found) return std::nullopt;  // the feedback is worth keeping nevertheless
  if (*found) return (*found)->message;
  return Reject(404, "NotFound", "no message has this id; it may be older than the history, so send the text instead");
}

/// Returns 1 for spam, -1 for ham and 0 for neither.
double SignOf(const std::optional<bool>& is_spam) { return !is_spam ? 0 : *is_spam ? 1 : -1; }

/// Returns what the user has said about the message until now. Two reports of one user about one message count as the
/// last one does.
std::optional<bool> SaidBefore(const FilterService& filter, const FeedbackEvent& event) {
  const std::shared_ptr<Store> store = filter.recorder().store();
  if (store == nullptr || !filter.recorder().counts().up || !event.message_id) return std::nullopt;
  FeedbackFilter before{.message_id = event.message_id, .limit = 1000};
  if (event.user_id) before.user_id = event.user_id;
  const Result<std::vector<StoredFeedback>> found = store->ListFeedback(before);
  if (!found) return std::nullopt;
  std::optional<bool> said;
  for (const StoredFeedback& each : *found) {
    if (each.event.user_id == event.user_id) said = each.event.is_spam;
  }
  return said;
}

/// Changes the sender's score for the user; for all users if an administrator says so, or if the client has no users.
void Learn(const FilterService& filter, const FeedbackEvent& event, const std::string& sender,
           const std::optional<bool>& before) {
  const double delta = SignOf(event.is_spam) - SignOf(before);
  if (sender.empty() || delta == 0) return;
  const bool for_all = event.feedback_type == "admin" || !event.user_id;
  filter.learner().Learn({.key = "reputation/" + Sha256(event.idempotency_key),
                          .sender = sender,
                          .user = for_all ? std::string() : *event.user_id,
                          .delta = delta,
                          .at = event.created_at});
}

/// Completes the event from what is known about its message. Returns the sender.
std::string Complete(const FeedbackCall& call, const std::optional<MessageRecord>& message, FeedbackEvent& event) {
  event.idempotency_key = call.key;
  event.is_spam = call.is_spam;
  event.label = call.label;
  if (!event.label && call.is_spam) event.label = *call.is_spam ? "spam" : "ham";
  event.feedback_type = call.type;
  if (!call.user.empty()) event.user_id = call.user;
  event.created_at = StoreNow();
  std::string sender = NormalSender(call.sender);
  // A text without an id is known by its digest, so that later feedback about it replaces the earlier one.
  event.message_id = call.id.empty() ? "text:" + Sha256(call.text) : call.id;
  event.text = call.text;
  if (message) {
    event.text = message->text;
    event.model_version = message->model_version;
    event.score = message->score;
    if (sender.empty() && message->sender) sender = *message->sender;
  }
  if (event.feedback_type.empty()) {
    const bool confirms = message && call.is_spam && message->is_spam == *call.is_spam;
    event.feedback_type = confirms ? "user_confirmation" : "user_rejection";
  }
  return sender;
}

std::string_view OutcomeName(FeedbackOutcome outcome) {
  if (outcome == FeedbackOutcome::kStored) return "stored";
  return outcome == FeedbackOutcome::kDuplicate ? "duplicate" : "spooled";
}

ApiResult<HttpResponse> Record(const FilterService& filter, const FeedbackCall& call) {
  std::optional<MessageRecord> message;
  if (!call.id.empty()) message = TRY(FindMessage(filter, call.id));
  FeedbackEvent event;
  const std::string sender = Complete(call, message, event);
  const std::optional<bool> before = SaidBefore(filter, event);
  // Without its text, which the store does not tell while it is down, the event waits in the spool.
  const Result<FeedbackOutcome> outcome = event.text.empty() ? filter.recorder().Add(event) : filter.log().Add(event);
  if (!outcome) return std::unexpected(StoreError(outcome.error()));
  if (*outcome != FeedbackOutcome::kDuplicate) Learn(filter, event, sender, before);
  return JsonResponse({{"id", *event.message_id},
                       {"status", OutcomeName(*outcome)},
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

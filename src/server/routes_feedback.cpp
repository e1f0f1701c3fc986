#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/hash.h"
#include "base/suggest.h"
#include "server/filter_request.h"
#include "server/record_feedback.h"
#include "server/service.h"
#include "store/spam_label.h"

namespace winnow {
namespace {

const Json& Schema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false,
    "anyOf": [{"required": ["id"]}, {"required": ["text"]}, {"required": ["ids"]}],
    "oneOf": [{"anyOf": [{"required": ["is_spam"]}, {"required": ["label"]}], "properties": {"forget": {"enum": [false, null]}}},
              {"required": ["forget"], "properties": {"forget": {"const": true}, "is_spam": {"type": "null"}, "label": {"type": "null"}}}],
    "properties": {
      "id": {"type": ["string", "null"], "minLength": 1, "maxLength": 1024, "description": "ID of a verdict"},
      "text": {"type": ["string", "null"], "description": "In place of id: the text of the message. With id: the text of a message that is redacted in the history"},
      "ids": {"type": ["array", "null"], "minItems": 1, "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 1024}, "description": "In place of id and text: the IDs of several verdicts, which get the same label"},
      "forget": {"type": ["boolean", "null"], "description": "In place of is_spam and label: withdraw what the user has said about the message"},
      "sender": {"type": ["string", "null"], "maxLength": 1024, "description": "With text: the sender of the message"},
      "is_spam": {"type": ["boolean", "null"], "description": "Whether the message is spam"},
      "label": {"type": ["string", "null"], "minLength": 1, "maxLength": 1024, "description": "In place of is_spam: the right label, such as spam or ham"},
      "feedback_type": {"enum": ["user_rejection", "user_confirmation", "admin", null], "description": "user_rejection: the verdict was wrong; user_confirmation: it was right; admin: for all users, which requires the role admin. Left out: by comparison with the verdict"},
      "user": {"type": ["string", "null"], "maxLength": 1024, "description": "ID of the user who says so"}}})");
  return schema;
}

/// Feedback about one message, or the same about each of several.
struct RequestedFeedback {
  FeedbackCall call;
  std::vector<std::string> ids;  ///< of several; empty: that of the call
};

constexpr size_t kMostIds = 100;

/// Reads "ids", which takes the place of "id" and "text".
ApiResult<std::vector<std::string>> ReadIds(const Json& body) {
  std::vector<std::string> read;
  const Json* const ids = Field(body, "ids");
  if (ids == nullptr) return read;
  if (!ids->is_array() || ids->empty() || ids->size() > kMostIds)
    return Reject(fmt::format("'ids' must be a list of 1 to {} ids", kMostIds));
  for (const Json& id : *ids) {
    read.push_back(TRY(NameOr(Json{{"ids", id}}, "ids")));
    if (read.back().empty()) return Reject("an id in 'ids' must not be empty");
  }
  return read;
}

ApiResult<void> ReadLabel(const Json& body, FeedbackCall& call) {
  const Json *const label = Field(body, "label"), *const is_spam = Field(body, "is_spam");
  call.forget = TRY(FlagOr(body, "forget", false));
  if (call.forget) {
    if (label == nullptr && is_spam == nullptr) return {};
    return Reject("'forget' cannot be combined with 'is_spam' and 'label'");
  }
  if (label == nullptr && is_spam == nullptr) return Reject("specify 'is_spam', 'label' or 'forget'");
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

/// Refuses a label that neither a model of the server nor the message filter has: it is probably misspelt, and would be
/// found only when a model is trained on it.
ApiResult<void> CheckLabel(const ModelSet& models, std::string_view label) {
  if (IsSpamLabel(label)) return {};
  std::vector<std::string> known;
  for (const ModelSet::Entry& entry : models.List()) {
    known.insert(known.end(), entry.labels.begin(), entry.labels.end());
    if (entry.model == nullptr) continue;
    if (const ScopeRule* const scope = entry.model->classifier().scope_rule()) known.push_back(scope->label);
  }
  if (known.empty() || std::ranges::find(known, label) != known.end()) return {};
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  constexpr size_t kMostShown = 20;
  const std::span<const std::string> shown = std::span(known).first(std::min(known.size(), kMostShown));
  const std::string list =
      fmt::format("the labels are {}{}", fmt::join(shown, ", "), known.size() > shown.size() ? ", ..." : "");
  return Reject(fmt::format("'label': no model has this label; {}", DidYouMean(label, known, list)));
}

ApiResult<RequestedFeedback> ReadCall(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, Schema()));
  RequestedFeedback requested{.call = {}, .ids = TRY(ReadIds(body))};
  FeedbackCall& call = requested.call;
  const Json *const id = Field(body, "id"), *const text = Field(body, "text");
  if (id == nullptr && text == nullptr && requested.ids.empty()) return Reject("specify 'id', 'text' or 'ids'");
  if (!requested.ids.empty() && (id != nullptr || text != nullptr))
    return Reject("'ids' cannot be combined with 'id' and 'text'");
  call.id = TRY(NameOr(body, "id"));
  if (id != nullptr && call.id.empty()) return Reject("'id' must not be empty");
  if (text != nullptr) call.text = TRY(TextOf(*text, "text", limits));
  call.sender = TRY(NameOr(body, "sender"));
  call.user = TRY(NameOr(body, "user"));
  call.by_admin = request.role == Role::kAdmin;
  TRY(ReadLabel(body, call));
  call.type = TRY(StringOr(body, "feedback_type", ""));
  if (!call.type.empty() && call.type != "user_rejection" && call.type != "user_confirmation" && call.type != "admin") {
    return Reject("'feedback_type' must be user_rejection, user_confirmation or admin");
  }
  if (call.type == "admin" && request.role != Role::kAdmin) {
    return Reject(403, "Forbidden", "'feedback_type' admin requires an API key with the role admin");
  }
  if (call.forget && !call.type.empty()) return Reject("'forget' cannot be combined with 'feedback_type'");
  // Keys of different clients must not meet.
  const std::string_view key = request.Header("idempotency-key");
  if (key.size() > 512) return Reject("the Idempotency-Key is longer than 512 bytes");
  if (!key.empty()) call.key = fmt::format("http/{}/{}", request.key, key);
  if (call.key.empty()) call.key = "http/" + RandomKey();
  return requested;
}

std::string_view OutcomeName(FeedbackOutcome outcome) {
  if (outcome == FeedbackOutcome::kStored) return "stored";
  return outcome == FeedbackOutcome::kDuplicate ? "duplicate" : "spooled";
}

ApiResult<Json> Record(const FilterService& filter, const FeedbackCall& call) {
  const RecordedFeedback recorded = TRY(RecordFeedback(filter, call));
  const FeedbackEvent& event = recorded.event;
  return Json{{"id", *event.message_id},
              {"status", OutcomeName(recorded.outcome)},
              {"is_spam", event.is_spam ? Json(*event.is_spam) : Json()},
              {"label", event.label ? Json(*event.label) : Json()},
              {"feedback_type", event.feedback_type}};
}

ApiResult<HttpResponse> RecordAll(const FilterService& filter, const RequestedFeedback& requested) {
  if (requested.ids.empty()) return JsonResponse(TRY(Record(filter, requested.call)));
  Json results = Json::array();
  for (const std::string& id : requested.ids) {
    FeedbackCall call = requested.call;
    call.id = id;
    call.key += "/" + Sha256(id);
    const ApiResult<Json> recorded = Record(filter, call);
    results.push_back(
        recorded ? *recorded
                 : Json{{"id", id}, {"error", recorded.error().message}, {"error_type", recorded.error().type}});
  }
  return JsonResponse({{"results", results}});
}

ApiResult<void> Feedback(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  RequestedFeedback requested = TRY(ReadCall(*request, service->limits));
  if (requested.call.label) TRY(CheckLabel(*service->models, *requested.call.label));
  AskStore(service, request, reply,
           [service, requested = std::move(requested)] { return RecordAll(*service->filter, requested); });
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
          "all users if there is no `user` or `feedback_type` is `admin`.\n\nWith `ids`, the response is {\"results\": [...]} "
          "with one such object per ID, or {\"id\", \"error\", \"error_type\"} for one that cannot be stored; the others are.",
      .tag = "Messages",
      .request = Schema(),
      .answer = ParsedJson(R"({
        "type": "object", "properties": {
          "results": {"type": "array", "items": {"type": "object"}, "description": "With ids: the answer for each of them"},
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

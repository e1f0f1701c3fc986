#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/json_or_null.h"
#include "server/ask_store.h"
#include "server/audit.h"
#include "server/filter_request.h"
#include "server/record_feedback.h"
#include "server/service.h"
#include "store/spam_label.h"
#include "store/user_name.h"

namespace winnow {
namespace {

/// Returns the properties of feedback about one message.
Json PropertiesOfOne() {
  return ParsedJson(R"({
      "id": {"type": ["string", "null"], "minLength": 1, "maxLength": 1024, "description": "ID of a verdict"},
      "text": {"type": ["string", "null"], "description": "In place of id: the text of the message. With id: the text of a message that is redacted in the history"},
      "forget": {"type": ["boolean", "null"], "description": "In place of is_spam and label: withdraw what the user has said about the message"},
      "sender": {"type": ["string", "null"], "maxLength": 1024, "description": "With text: the sender of the message"},
      "is_spam": {"type": ["boolean", "null"], "description": "Whether the message is spam"},
      "label": {"type": ["string", "null"], "minLength": 1, "maxLength": 1024, "description": "In place of is_spam: the right label, such as spam or ham, which are stored in lower case"},
      "feedback_type": {"enum": ["user_rejection", "user_confirmation", "admin", null], "description": "user_rejection: the verdict was wrong; user_confirmation: it was right; admin: for all users, which requires the role admin. Left out: by comparison with the verdict of `id`; without `id`, user_rejection"},
      "user": {"type": ["string", "null"], "maxLength": 1024, "description": "ID of the user who says so"}})");
}

const Json& ItemSchema() {
  static const Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", PropertiesOfOne()}};
  return schema;
}

const Json& Schema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({
    "type": "object", "additionalProperties": false,
    "anyOf": [{"required": ["id"]}, {"required": ["text"]}, {"required": ["ids"]}, {"required": ["items"]}],
    "oneOf": [{"anyOf": [{"required": ["is_spam"]}, {"required": ["label"]}], "properties": {"forget": {"enum": [false, null]}}},
              {"required": ["forget"], "properties": {"forget": {"const": true}, "is_spam": {"type": "null"}, "label": {"type": "null"}}},
              {"required": ["items"]}]})");
    Json properties = PropertiesOfOne();
    properties["ids"] = ParsedJson(
        R"({"type": ["array", "null"], "minItems": 1, "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 1024}, "description": "In place of id and text: the IDs of several verdicts, which get the same label"})");
    properties["items"] = ParsedJson(
        R"({"type": ["array", "null"], "minItems": 1, "maxItems": 1000, "description": "In place of all other fields: feedback about several messages, each as if it were a request of its own"})");
    properties["items"]["items"] = ItemSchema();
    made["properties"] = std::move(properties);
    return made;
  }();
  return schema;
}

/// Feedback about one message, or the same about each of several.
struct RequestedFeedback {
  std::vector<FeedbackCall> calls;
  bool several = false;  ///< whether the response is a list
};

constexpr size_t kMostIds = 100, kMostItems = 1000;

/// Reads "ids", which takes the place of "id" and "text".
ApiResult<std::vector<std::string>> ReadIds(const Json& body) {
  std::vector<std::string> read;
  const Json* const ids = FindField(body, "ids");
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
  const Json *const label = FindField(body, "label"), *const is_spam = FindField(body, "is_spam");
  call.forget = TRY(FlagOr(body, "forget", false));
  if (call.forget) {
    if (label == nullptr && is_spam == nullptr) return {};
    return Reject("'forget' cannot be combined with 'is_spam' and 'label'");
  }
  if (label == nullptr && is_spam == nullptr) return Reject("specify 'is_spam', 'label' or 'forget'");
  if (is_spam != nullptr) call.is_spam = TRY(FlagOr(body, "is_spam", false));
  if (label == nullptr) return {};
  call.label = StoredLabel(TRY(NameOr(body, "label")));
  if (call.label->empty()) return Reject("'label' must not be empty");
  const std::optional<bool> says = IsSpamLabel(*call.label);
  if (call.is_spam && says && *says != *call.is_spam) {
    return Reject("'label' and 'is_spam' contradict each other; send one of them");
  }
  if (!call.is_spam) call.is_spam = says;
  return {};
}

/// Reads the fields of feedback about one message, which `body` names by id or by text if `named`.
ApiResult<FeedbackCall> ReadFeedbackCall(const Json& body, const HttpRequest& request, const ServiceLimits& limits,
                                         bool named) {
  FeedbackCall call;
  const Json *const id = FindField(body, "id"), *const text = FindField(body, "text");
  if (named && id == nullptr && text == nullptr) return Reject("specify 'id', 'text', 'ids' or 'items'");
  call.id = TRY(NameOr(body, "id"));
  if (id != nullptr && call.id.empty()) return Reject("'id' must not be empty");
  if (text != nullptr) call.text = TRY(TextOf(*text, "text", limits));
  call.sender = TRY(NameOr(body, "sender"));
  call.user = NormalUser(TRY(NameOr(body, "user")));
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
  return call;
}

/// Returns the idempotency key of the request, or a random one.
ApiResult<std::string> KeyOf(const HttpRequest& request) {
  // Keys of different clients must not meet.
  const std::string_view key = request.Header("idempotency-key");
  if (key.size() > 512) return Reject("the Idempotency-Key is longer than 512 bytes");
  return key.empty() ? "http/" + RandomKey() : fmt::format("http/{}/{}", request.key, key);
}

/// Reads "items", which takes the place of all other fields.
ApiResult<std::vector<FeedbackCall>> ReadItems(const Json& body, const HttpRequest& request,
                                               const ServiceLimits& limits) {
  const Json& items = *FindField(body, "items");
  for (const auto& [name, value] : body.items()) {
    if (name != "items" && !value.is_null()) return Reject(fmt::format("'items' cannot be combined with '{}'", name));
  }
  if (!items.is_array() || items.empty() || items.size() > kMostItems)
    return Reject(fmt::format("'items' must be a list of 1 to {} objects", kMostItems));
  std::vector<FeedbackCall> calls;
  for (const Json& item : items) {
    if (!item.is_object()) return Reject("each of 'items' must be an object");
    ApiResult<FeedbackCall> call = ReadFeedbackCall(item, request, limits, /*named=*/true);
    if (!call) {
      call.error().message = fmt::format("items[{}]: {}", calls.size(), call.error().message);
      return std::unexpected(call.error());
    }
    calls.push_back(*std::move(call));
  }
  return calls;
}

ApiResult<RequestedFeedback> ReadRequest(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, Schema()));
  const std::string key = TRY(KeyOf(request));
  RequestedFeedback requested;
  if (FindField(body, "items") != nullptr) {
    requested.several = true;
    requested.calls = TRY(ReadItems(body, request, limits));
    for (size_t i = 0; i < requested.calls.size(); ++i) {
      FeedbackCall& call = requested.calls[i];
      call.key = fmt::format("{}/{}/{}", key, i, Sha256(call.id.empty() ? call.text : call.id));
    }
    return requested;
  }
  const std::vector<std::string> ids = TRY(ReadIds(body));
  if (!ids.empty() && (FindField(body, "id") != nullptr || FindField(body, "text") != nullptr))
    return Reject("'ids' cannot be combined with 'id' and 'text'");
  FeedbackCall one = TRY(ReadFeedbackCall(body, request, limits, /*named=*/ids.empty()));
  one.key = key;
  requested.several = !ids.empty();
  if (ids.empty()) requested.calls.push_back(one);
  for (const std::string& id : ids) {
    requested.calls.push_back(one);
    requested.calls.back().id = id;
    requested.calls.back().key += "/" + Sha256(id);
  }
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
              {"is_spam", OrNull(event.is_spam)},
              {"label", OrNull(event.label)},
              {"feedback_type", event.feedback_type}};
}

/// Several events, which a few threads record. Events about one message stay in their order, since one thread has them
/// all.
class Recording : public std::enable_shared_from_this<Recording> {
 public:
  Recording(SharedService service, SharedRequest request, HttpReply reply, std::vector<FeedbackCall> calls)
      : service_(std::move(service)),
        request_(std::move(request)),
        reply_(std::move(reply)),
        calls_(std::move(calls)),
        results_(calls_.size()) {}

  void Start() {
    std::array<std::vector<size_t>, kLanes> lanes;
    for (size_t i = 0; i < calls_.size(); ++i)
      lanes[std::hash<std::string>()(calls_[i].id.empty() ? calls_[i].text : calls_[i].id) % kLanes].push_back(i);
    left_ = kLanes;
    for (std::vector<size_t>& lane : lanes) {
      const bool posted =
          service_->filter->calls().Post(request_->caller, [self = shared_from_this(), lane] { self->Work(lane); });
      if (!posted) Skip(lane);
    }
  }

 private:
  static constexpr size_t kLanes = 8;

  void Work(const std::vector<size_t>& lane) {
    for (const size_t i : lane) {
      const ApiResult<Json> recorded = Record(*service_->filter, calls_[i]);
      results_[i] = recorded ? *recorded : Failed(calls_[i], recorded.error());
    }
    End();
  }

  void Skip(const std::vector<size_t>& lane) {
    const ApiError error =
        TooManyRequests("Overloaded", "too many requests wait for the store", std::chrono::seconds(1));
    for (const size_t i : lane) results_[i] = Failed(calls_[i], error);
    End();
  }

  static Json Failed(const FeedbackCall& call, const ApiError& error) {
    return {{"id", call.id.empty() ? Json() : Json(call.id)}, {"error", error.message}, {"error_type", error.type}};
  }

  void End() {
    if (left_.fetch_sub(1) > 1) return;
    Json results = Json::array();
    size_t failed = 0;
    for (Json& result : results_) {
      failed += result.contains("error") ? 1 : 0;
      results.push_back(std::move(result));
    }
    if (calls_.size() > 1) {
      Audit(*service_, *request_, "feedback.bulk", "", {{"events", calls_.size() - failed}, {"failed", failed}});
    }
    reply_(JsonResponse({{"results", std::move(results)}}));
  }

  const SharedService service_;
  const SharedRequest request_;
  const HttpReply reply_;
  const std::vector<FeedbackCall> calls_;
  std::vector<Json> results_;  // each is written by one thread
  std::atomic<size_t> left_ = 0;
};

ApiResult<void> Feedback(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  RequestedFeedback requested = TRY(ReadRequest(*request, service->limits));
  std::set<std::string> labels;
  for (const FeedbackCall& call : requested.calls) {
    if (call.label && labels.insert(*call.label).second) TRY(CheckFeedbackLabel(*service->models, *call.label));
  }
  if (requested.several) {
    std::make_shared<Recording>(service, request, reply, std::move(requested.calls))->Start();
    return {};
  }
  AskStoreFor(kFeedbackPatience, service, request, reply,
              [service, request, call = std::move(requested.calls.front())]() -> ApiResult<HttpResponse> {
                Json recorded = TRY(Record(*service->filter, call));
                // What one user says concerns that user; what an administrator says is a change for all.
                if (call.type == "admin")
                  Audit(*service, *request, "feedback.add", recorded["id"].str(),
                        {{"label", recorded["label"]}, {"is_spam", recorded["is_spam"]}});
                return JsonResponse(recorded);
              });
  return {};
}

RouteDocs FeedbackDocs() {
  return {
      .summary = "Reports whether a message is spam",
      .description =
          "By the id of a verdict, or by the text. The response is sent when the feedback is durable: `stored` in the "
          "store, or `spooled` on the server's disk while the store is down. With the header `Idempotency-Key`, a "
          "request can be repeated: the event is stored once, and `status` is `duplicate`. What a user says last about a "
          "message replaces what the user has said before.\n\nThe sender's score changes at once: for the user, or for "
          "all users if there is no `user` or `feedback_type` is `admin`.\n\nWith `ids`, the response is {\"results\": [...]} "
          "with one such object per ID, or {\"id\", \"error\", \"error_type\"} for one that cannot be stored; the others are. "
          "`items` has the same response; each item has its own label.",
      .tag = "Messages",
      .request = Schema(),
      .answer = ParsedJson(R"({
        "type": "object", "properties": {
          "results": {"type": "array", "items": {"type": "object"}, "description": "With ids or items: the answer for each of them"},
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
                    .docs = FeedbackDocs(),
                    .handle = Handler(service, Feedback)});
  return routes;
}

}  // namespace winnow

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "base/json_or_null.h"
#include "feedback/feedback_state.h"
#include "server/ask_store.h"
#include "server/filter_request.h"
#include "server/query_parameters.h"
#include "server/service.h"

namespace winnow {
namespace {

const Json& QuerySchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "properties": {
      "text": {"type": "string", "description": "Part of the text, without regard to the case of ASCII letters"},
      "sender": {"type": "string", "description": "The sender"},
      "user": {"type": "string", "description": "ID of the user"},
      "isSpam": {"type": "boolean", "description": "The verdict"},
      "source": {"enum": ["reputation", "rules", "classifier", "fallback"], "description": "The step that decided"},
      "symbol": {"type": "string", "description": "Name of a symbol of the verdict"},
      "min_score": {"type": "number", "description": "Least score"},
      "max_score": {"type": "number", "description": "Greatest score"},
      "since": {"type": "string", "format": "date-time", "description": "Earliest time, in UTC"},
      "until": {"type": "string", "format": "date-time", "description": "Time that all messages are before, in UTC"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "Number of messages per page"},
      "before": {"type": "integer", "minimum": 1, "description": "Value of next in the previous page"}}})");
  return schema;
}

ApiResult<std::optional<StoreTime>> TimeIn(const QueryParameters& query, const std::string& name) {
  const std::optional<std::string> text = query.Text(name);
  if (!text) return std::nullopt;
  const std::optional<StoreTime> time = ParseTimeText(*text);
  if (!time) return Reject(fmt::format("'{}' must be a time in UTC such as 2026-11-28T20:15:00Z", name));
  return time;
}

ApiResult<MessageFilter> ReadQuery(const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, QuerySchema()));
  MessageFilter filter;
  filter.contains = query.Text("text");
  filter.user_id = query.Text("user");
  filter.source = query.Text("source");
  filter.symbol = query.Text("symbol");
  if (const auto sender = query.Text("sender")) filter.sender = NormalSender(*sender);
  filter.is_spam = TRY(query.Flag("isSpam"));
  filter.min_score = TRY(query.Number("min_score"));
  filter.max_score = TRY(query.Number("max_score"));
  filter.since = TRY(TimeIn(query, "since"));
  filter.until = TRY(TimeIn(query, "until"));
  filter.limit = static_cast<int>(TRY(query.Integer("limit", 100, 1, 1000)));
  filter.before_id = TRY(query.Integer("before", 0, 1, INT64_MAX));
  return filter;
}

/// What people say about messages, by the id of the message.
using SaidAbout = std::map<std::string, std::vector<FeedbackState>>;

Result<SaidAbout> ReadSaid(Store& store, const std::vector<StoredMessage>& messages) {
  std::vector<std::string> ids;
  for (const StoredMessage& stored : messages) ids.push_back(stored.message.message_id);
  std::map<std::string, std::vector<FeedbackEvent>> events;
  for (StoredFeedback& stored : TRY(store.ListFeedbackAbout(ids)))
    events[*stored.event.message_id].push_back(std::move(stored.event));
  SaidAbout said;
  for (const auto& [id, about] : events) said[id] = CurrentFeedback(about);
  return said;
}

/// Returns the label that counts: the last word of an administrator, else of a user; null if nobody has said anything.
Json LabelJson(const std::vector<FeedbackState>& said) {
  const FeedbackState* last = nullptr;
  const auto rank = [](const FeedbackState& state) {
    return std::pair(state.origin == FeedbackOrigin::kAdmin, state.at);
  };
  for (const FeedbackState& state : said) {
    if (state.origin != FeedbackOrigin::kAdmin && state.origin != FeedbackOrigin::kPerson) continue;
    if (last == nullptr || rank(*last) <= rank(state)) last = &state;
  }
  return last == nullptr ? Json() : Json(last->label);
}

std::string_view FeedbackOriginName(FeedbackOrigin origin) {
  if (origin == FeedbackOrigin::kAdmin) return "admin";
  return origin == FeedbackOrigin::kPerson ? "user" : "program";
}

Json FeedbackJson(const std::vector<FeedbackState>& said) {
  Json json = Json::array();
  for (const FeedbackState& state : said) {
    json.push_back({{"user", state.user.empty() ? Json() : Json(state.user)},
                    {"label", state.label},
                    {"by", FeedbackOriginName(state.origin)},
                    {"time", TimeText(state.at)}});
  }
  return json;
}

Json MessageJson(const MessageRecord& message, const SaidAbout& said) {
  const Result<Json> symbols = ParseJson(message.symbols, "symbols");
  const auto found = said.find(message.message_id);
  const std::vector<FeedbackState> about = found == said.end() ? std::vector<FeedbackState>() : found->second;
  return {{"id", message.message_id},
          {"label", LabelJson(about)},
          {"feedback", FeedbackJson(about)},
          {"redacted", message.redacted},
          {"time", TimeText(message.created_at)},
          {"text", message.text},
          {"sender", OrNull(message.sender)},
          {"user", OrNull(message.user_id)},
          {"isSpam", message.is_spam},
          {"score", message.score},
          {"source", message.source},
          {"modelVersion", OrNull(message.model_version)},
          {"symbols", symbols ? *symbols : Json::array()}};
}

ApiResult<void> List(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const MessageFilter filter = TRY(ReadQuery(*request));
  const std::chrono::seconds patience = filter.contains ? kSearchPatience : kStorePatience;
  AskStoreFor(patience, service, request, reply, [service, filter]() -> ApiResult<HttpResponse> {
    const std::shared_ptr<Store> store = TRY(service->filter->OpenStore());
    const Result<std::vector<StoredMessage>> found = store->ListMessages(filter);
    if (!found) return std::unexpected(StoreError(found.error()));
    const Result<SaidAbout> said = ReadSaid(*store, *found);
    if (!said) return std::unexpected(StoreError(said.error()));
    const bool more = found->size() == static_cast<size_t>(filter.limit);
    return JsonResponse({{"next", more ? Json(found->back().id) : Json()}}, "messages", found->size(),
                        [&](size_t i) { return MessageJson((*found)[i].message, *said); });
  });
  return {};
}

RouteDocs HistoryDocs() {
  return {
      .summary = "Searches the messages that were checked",
      .description =
          "The newest messages come first. `next` is the value of `before` for the next page, or null after the last "
          "one. A message appears here a moment after its verdict, and stays for the days of `--history-days`.",
      .tag = "Messages",
      .query = QuerySchema(),
      .answer = ParsedJson(R"({
        "type": "object", "required": ["next", "messages"], "properties": {
          "next": {"type": ["integer", "null"], "description": "Value of before for the next page; null: there is none"},
          "messages": {"type": "array", "description": "The messages", "items": {
            "type": "object", "required": ["id", "time", "text", "sender", "user", "isSpam", "score", "source", "modelVersion", "symbols", "label", "feedback", "redacted"],
            "properties": {
              "id": {"type": "string", "description": "ID of the message"},
              "label": {"type": ["string", "null"], "description": "What people say that it is: the last word of an administrator, else of a user; null if nobody has said anything"},
              "feedback": {"type": "array", "description": "The last word of each user, administrator and program about the message", "items": {"type": "object"}},
              "redacted": {"type": "boolean", "description": "Whether the text is not the text of the message: parts of it were replaced"},
              "time": {"type": "string", "format": "date-time", "description": "Time of the verdict"},
              "text": {"type": "string", "description": "The text"},
              "sender": {"type": ["string", "null"], "description": "The sender, normalized"},
              "user": {"type": ["string", "null"], "description": "ID of the user"},
              "isSpam": {"type": "boolean", "description": "The verdict"},
              "score": {"type": "number", "description": "Probability of spam"},
              "source": {"type": "string", "description": "The step that decided"},
              "modelVersion": {"type": ["string", "null"], "description": "Version of the model"},
              "symbols": {"type": "array", "description": "The reasons", "items": {"type": "object"}}}}}}})"),
      .answer_example = ParsedJson(R"({"next": null, "messages": [{
        "id": "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d", "time": "2026-11-28T20:15:00.125Z", "text": "You won a prize",
        "sender": "+447700900123", "user": "anna", "isSpam": true, "score": 0.9884, "source": "classifier",
        "modelVersion": "1.0.0", "symbols": [{"name": "CLASSIFIER", "score": 4.45}], "redacted": false, "label": "spam",
        "feedback": [{"user": "anna", "label": "spam", "by": "user", "time": "2026-11-28T20:16:00.125Z"}]}]})"),
      .errors = {422}};
}

}  // namespace

std::vector<Route> HistoryRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/history",
                    .role = Role::kAdmin,  // it contains what people wrote
                    .docs = HistoryDocs(),
                    .handle = Handler(service, List)});
  return routes;
}

}  // namespace winnow

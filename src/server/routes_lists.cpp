/// Pages of what the store of the filter keeps: senders, preferences of users, the audit log.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/json_or_null.h"
#include "filter/sender.h"
#include "filter/spam_filter.h"
#include "server/audit.h"
#include "server/filter_request.h"
#include "server/query_parameters.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr int kMostPerPage = 1000;

/// Reads the value of "next" of the page before: a JSON array of a time, a name and the ID of a user.
ApiResult<std::optional<ChangePlace>> PlaceIn(const QueryParameters& query) {
  const std::optional<std::string> text = query.Text("before");
  if (!text) return std::nullopt;
  const Result<Json> json = ParseJson(*text, "before");
  const auto is_text = [](const Json& part) { return part.is_string(); };
  if (json && json->is_array() && json->size() == 3 && std::ranges::all_of(*json, is_text)) {
    if (const std::optional<StoreTime> at = ParseTimeText((*json)[0].str()))
      return ChangePlace{*at, (*json)[1].str(), (*json)[2].str()};
  }
  return Reject("'before' must be the value of 'next' of the page before");
}

std::string PlaceText(StoreTime at, const std::string& name, const std::string& user = "") {
  return DumpJsonLine(Json::array({TimeText(at), name, user}));
}

const Json& SendersQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "list": {"enum": ["allow", "deny", "block", "learnt"], "description": "allow: senders whose messages are ham; deny or block: senders whose messages are spam; learnt: senders with a score that was learnt from feedback; left out: senders on either list"},
    "contains": {"type": "string", "description": "Part of the sender"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "Number of senders per page"},
    "before": {"type": "string", "description": "Value of next in the previous page"}}})");
  return schema;
}

struct SendersRequest {
  std::vector<std::string_view> kinds;
  ReputationFilter filter;
};

ApiResult<SendersRequest> ReadSendersQuery(const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, SendersQuery()));
  SendersRequest read;
  const std::string list = query.Text("list").value_or("");
  if (list == kAllowKind || list.empty()) read.kinds.push_back(kAllowKind);
  if (list == kDenyKind || list == "block" || list.empty()) read.kinds.push_back(kDenyKind);
  if (list == "learnt") read.kinds.push_back(kScoreKind);
  if (read.kinds.empty()) return Reject("'list' must be allow, deny, block or learnt");
  read.filter.positive = list != "learnt";
  read.filter.contains = query.Text("contains");
  read.filter.before = TRY(PlaceIn(query));
  read.filter.limit = static_cast<int>(TRY(query.Integer("limit", 100, 1, kMostPerPage)));
  return read;
}

/// Returns the list that the sender is on, for the user of the key or for all users.
Result<std::string_view> ListOf(Store& store, const ReputationKey& key) {
  if (key.kind != kScoreKind) return key.kind == kDenyKind ? kDenyKind : kAllowKind;
  for (const std::string_view kind : {kDenyKind, kAllowKind}) {
    const std::optional<Reputation> found = TRY(store.GetReputation({key.sender, std::string(kind), key.user_id}));
    if (found && found->score > 0) return kind;
  }
  return "none";
}

Result<Json> SenderJson(Store& store, const StoredReputation& stored, std::chrono::milliseconds half_life) {
  const ReputationKey& key = stored.key;
  StoredReputation learnt{{key.sender, std::string(kScoreKind), key.user_id}, stored.reputation};
  if (key.kind != kScoreKind) learnt.reputation = TRY(store.GetReputation(learnt.key)).value_or(Reputation());
  const double score = ReputationOf(std::span(&learnt, 1), key.sender, StoreNow(), half_life).score();
  return Json{{"sender", key.sender},
              {"user", key.user_id.empty() ? Json() : Json(key.user_id)},
              {"list", TRY(ListOf(store, key))},
              {"score", score},
              {"updated", TimeText(stored.reputation.updated_at)}};
}

Result<Json> SendersPage(Store& store, const SendersRequest& asked, std::chrono::milliseconds half_life) {
  std::vector<StoredReputation> found;
  const auto limit = static_cast<size_t>(asked.filter.limit);
  for (const std::string_view kind : asked.kinds) {
    ReputationFilter filter = asked.filter;
    filter.kind = kind;
    ++filter.limit;  // one more tells that there is a next page
    for (StoredReputation& each : TRY(store.ListReputation(filter))) found.push_back(std::move(each));
  }
  std::ranges::sort(found, std::greater(), [](const StoredReputation& each) {
    return std::tuple(each.reputation.updated_at, each.key.sender, each.key.user_id);
  });
  const bool more = found.size() > limit;
  if (more) found.erase(found.begin() + asked.filter.limit, found.end());
  Json senders = Json::array();
  for (const StoredReputation& each : found) senders.push_back(TRY(SenderJson(store, each, half_life)));
  Json next;
  if (more) next = PlaceText(found.back().reputation.updated_at, found.back().key.sender, found.back().key.user_id);
  return Json{{"senders", std::move(senders)}, {"next", std::move(next)}};
}

/// Replies with what `page` makes of the store.
void ReplyWithPage(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                   std::function<Result<Json>(Store&)> page) {
  AskStore(service, request, reply, [service, page = std::move(page)]() -> ApiResult<HttpResponse> {
    const std::shared_ptr<Store> store = TRY(service->filter->OpenStore());
    const Result<Json> json = page(*store);
    if (!json) return std::unexpected(StoreError(json.error()));
    return JsonResponse(*json);
  });
}

ApiResult<void> ListSenders(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const SendersRequest asked = TRY(ReadSendersQuery(*request));
  ReplyWithPage(service, request, reply, [asked, half_life = service->filter->known().half_life()](Store& store) {
    return SendersPage(store, asked, half_life);
  });
  return {};
}

const Json& PreferencesQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "Number of users per page"},
    "before": {"type": "string", "description": "Value of next in the previous page"}}})");
  return schema;
}

/// Thresholds are compared as float, and so stored with the digits of one.
Json ThresholdJson(const std::optional<double>& threshold) {
  return threshold ? Json(std::round(*threshold * 1e6) / 1e6) : Json();
}

Result<Json> PreferencesPage(Store& store, const PreferencesFilter& filter) {
  const std::vector<UserPreferences> found = TRY(store.ListPreferences(filter));
  Json users = Json::array();
  for (const UserPreferences& each : found) {
    users.push_back({{"user", each.user_id},
                     {"mode", OrNull(each.preferences.mode)},
                     {"threshold", ThresholdJson(each.preferences.threshold)},
                     {"updated", TimeText(each.updated_at)}});
  }
  const bool more = found.size() == static_cast<size_t>(filter.limit);
  return Json{{"users", std::move(users)},
              {"next", more ? Json(PlaceText(found.back().updated_at, found.back().user_id)) : Json()}};
}

ApiResult<void> ListPreferences(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const QueryParameters query = TRY(QueryParameters::Read(*request, PreferencesQuery()));
  const PreferencesFilter filter{.before = TRY(PlaceIn(query)),
                                 .limit = static_cast<int>(TRY(query.Integer("limit", 100, 1, kMostPerPage)))};
  ReplyWithPage(service, request, reply, [filter](Store& store) { return PreferencesPage(store, filter); });
  return {};
}

const Json& AuditQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "action": {"type": "string", "description": "What was done, such as rules.set"},
    "object": {"type": "string", "description": "What it was done to"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "Number of entries per page"},
    "before": {"type": "integer", "minimum": 1, "description": "Value of next in the previous page"}}})");
  return schema;
}

Result<Json> AuditPage(Store& store, const AuditFilter& filter) {
  const std::vector<StoredAuditEntry> found = TRY(store.ListAudit(filter));
  Json entries = Json::array();
  for (const auto& [id, entry] : found) {
    const Result<Json> detail = ParseJson(entry.details, "details");
    entries.push_back({{"id", id},
                       {"time", TimeText(entry.created_at)},
                       {"actor", ActorName(entry.actor)},
                       {"action", entry.action},
                       {"object", entry.subject},
                       {"detail", detail ? *detail : Json::object()}});
  }
  const bool more = found.size() == static_cast<size_t>(filter.limit);
  return Json{{"entries", std::move(entries)}, {"next", more ? Json(found.back().id) : Json()}};
}

ApiResult<void> ListAudit(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const QueryParameters query = TRY(QueryParameters::Read(*request, AuditQuery()));
  const AuditFilter filter{.action = query.Text("action"),
                           .subject = query.Text("object"),
                           .newest_first = true,
                           .before_id = TRY(query.Integer("before", 0, 1, INT64_MAX)),
                           .limit = static_cast<int>(TRY(query.Integer("limit", 100, 1, kMostPerPage)))};
  ReplyWithPage(service, request, reply, [filter](Store& store) { return AuditPage(store, filter); });
  return {};
}

Route ListRoute(const SharedService& service, std::string path, std::string tag, std::string summary,
                ServiceHandler handle) {
  return {.method = "GET",
          .path = std::move(path),
          .role = Role::kAdmin,
          .docs = {.summary = std::move(summary), .tag = std::move(tag), .errors = {422}},
          .handle = Handler(service, handle)};
}

}  // namespace

std::vector<Route> ListRoutes(const SharedService& service) {
  Route senders =
      ListRoute(service, "/v1/senders", "Messages", "Lists senders, those that changed last first", ListSenders);
  senders.docs.description = "Entries for one user have the ID of the user; the others are for all users.";
  senders.docs.query = SendersQuery();
  senders.docs.answer = ParsedJson(R"({"type": "object", "required": ["senders", "next"], "properties": {
    "senders": {"type": "array", "description": "The senders", "items": {"type": "object", "required": ["sender", "user", "list", "score", "updated"], "properties": {
      "sender": {"type": "string", "description": "The sender, normalized"},
      "user": {"type": ["string", "null"], "description": "ID of the user; null: for all users"},
      "list": {"enum": ["allow", "deny", "none"], "description": "The list that the sender is on"},
      "score": {"type": "number", "description": "Score learnt from feedback, after its decay; above 0: sends spam"},
      "updated": {"type": "string", "format": "date-time", "description": "Time of the last change"}}}},
    "next": {"type": ["string", "null"], "description": "Value of before for the next page; null: there is none"}}})");
  senders.docs.answer_example =
      ParsedJson(R"({"senders": [{"sender": "prizes@example.com", "user": null, "list": "deny",
    "score": 1.5, "updated": "2026-11-28T20:15:00.125Z"}], "next": null})");

  Route preferences =
      ListRoute(service, "/v1/preferences", "Messages",
                "Lists the users who have chosen a decision threshold, the last choice first", ListPreferences);
  preferences.docs.query = PreferencesQuery();
  preferences.docs.answer = ParsedJson(R"({"type": "object", "required": ["users", "next"], "properties": {
    "users": {"type": "array", "description": "The users", "items": {"type": "object", "required": ["user", "mode", "threshold", "updated"], "properties": {
      "user": {"type": "string", "description": "ID of the user"},
      "mode": {"type": ["string", "null"], "description": "strict, moderate or lenient; null if there is a threshold"},
      "threshold": {"type": ["number", "null"], "description": "The decision threshold; null if there is a mode"},
      "updated": {"type": "string", "format": "date-time", "description": "Time of the last change"}}}},
    "next": {"type": ["string", "null"], "description": "Value of before for the next page; null: there is none"}}})");
  preferences.docs.answer_example = ParsedJson(R"({"users": [{"user": "anna", "mode": "strict", "threshold": null,
    "updated": "2026-11-28T20:15:00.125Z"}], "next": null})");

  Route audit =
      ListRoute(service, "/v1/audit", "Operation", "Lists changes and who has made them, the newest first", ListAudit);
  audit.docs.description =
      "Each change by the API has an entry, and so have those commands that change the store. The actor is the name of the "
      "API key, `local` for a client of this machine without a key, the address of another client, or a name that a "
      "command has recorded.";
  audit.docs.query = AuditQuery();
  audit.docs.answer = ParsedJson(R"({"type": "object", "required": ["entries", "next"], "properties": {
    "entries": {"type": "array", "description": "The entries", "items": {"type": "object", "required": ["id", "time", "actor", "action", "object", "detail"], "properties": {
      "id": {"type": "integer", "description": "Number of the entry"},
      "time": {"type": "string", "format": "date-time", "description": "Time of the change"},
      "actor": {"type": "string", "description": "Who"},
      "action": {"type": "string", "description": "What, such as senders.set"},
      "object": {"type": "string", "description": "To what: a sender, a user, a rule, a file"},
      "detail": {"type": "object", "description": "More about the change"}}}},
    "next": {"type": ["integer", "null"], "description": "Value of before for the next page; null: there is none"}}})");
  audit.docs.answer_example = ParsedJson(R"({"entries": [{"id": 7, "time": "2026-11-28T20:15:00.125Z", "actor": "web",
    "action": "senders.set", "object": "prizes@example.com", "detail": {"list": "deny", "user": ""}}], "next": null})");
  std::vector<Route> routes;
  for (Route* route : {&senders, &preferences, &audit}) routes.push_back(std::move(*route));
  return routes;
}

}  // namespace winnow

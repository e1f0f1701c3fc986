#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/ascii.h"
#include "classify/prediction_json.h"
#include "decide/decide.h"
#include "filter/sender.h"
#include "filter/spam_filter.h"
#include "server/audit.h"
#include "server/decision_fields.h"
#include "server/filter_request.h"
#include "server/query_parameters.h"
#include "server/service.h"
#include "store/user_name.h"

namespace winnow {
namespace {

Json PreferencesJson(const FilterMode& mode) {
  if (mode.threshold) return {{"threshold", ShortestDecimal(*mode.threshold)}};
  return {{"mode", ModeName(mode.mode)}};
}

const Json& PreferencesSchema() {
  static const Json schema = [] {
    Json made = ParsedJson(R"({"type": "object", "additionalProperties": false,
      "oneOf": [{"required": ["mode"], "properties": {"mode": {"type": "string"}, "threshold": {"type": "null"}}},
                {"required": ["threshold"], "properties": {"threshold": {"type": "number"}, "mode": {"type": "null"}}}]})");
    made["properties"] = DecisionFieldSchemas();
    made["properties"]["mode"] = ParsedJson(R"({"enum": ["strict", "moderate", "lenient", null],
      "description": "strict flags the most messages, lenient the fewest"})");
    return made;
  }();
  return schema;
}

ApiResult<void> GetPreferences(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string user = NormalUser(TRY(NameInPath(*request, 0, "user")));
  AskStore(service, request, reply, [service, user]() -> ApiResult<HttpResponse> {
    const FilterService& filter = *service->filter;
    const Result<std::optional<Preferences>> found = filter.known().ReadPreferences(user);
    if (!found) return std::unexpected(StoreError(found.error()));
    const std::optional<FilterMode> mode = *found ? ModeOf(**found) : std::nullopt;
    return JsonResponse(PreferencesJson(mode.value_or(filter.filter().options().mode)));
  });
  return {};
}

ApiResult<void> PutPreferences(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string user = NormalUser(TRY(NameInPath(*request, 0, "user")));
  const Json body = TRY(ParseBody(*request, service->limits, PreferencesSchema()));
  if ((FindField(body, "mode") == nullptr) == (FindField(body, "threshold") == nullptr)) {
    return Reject("specify either 'mode' or 'threshold'");
  }
  const ClassifyOptions options = TRY(ReadDecisionFields(body));
  const FilterMode mode{.mode = options.mode, .threshold = options.threshold};
  AskStore(service, request, reply, [service, request, user, mode]() -> ApiResult<HttpResponse> {
    const std::shared_ptr<Store> store = TRY(service->filter->OpenStore());
    Preferences preferences;
    if (mode.threshold) preferences.threshold = *mode.threshold;
    if (!mode.threshold) preferences.mode = ModeName(mode.mode);
    const Result<void> set = store->SetPreferences(user, preferences);
    if (!set) return std::unexpected(StoreError(set.error()));
    service->filter->known().ForgetUser(user);
    Audit(*service, *request, "preferences.set", user, PreferencesJson(mode));
    return JsonResponse(PreferencesJson(mode));
  });
  return {};
}

constexpr std::array<std::string_view, 3> kLists = {"allow", "deny", "none"};

/// Describes what is known about a sender; `user` empty: for all users.
ApiResult<HttpResponse> Describe(const FilterService& filter, const std::string& sender, const std::string& user) {
  const std::shared_ptr<Store> store = TRY(filter.OpenStore());
  const Result<std::vector<StoredReputation>> found = store->FindReputation(std::span(&sender, 1), user);
  if (!found) return std::unexpected(StoreError(found.error()));
  std::string_view list = "none";
  double score = 0;
  for (const StoredReputation& each : *found) {
    if (NormalUser(each.key.user_id) != user) continue;
    const SenderReputation one = ReputationOf(std::span(&each, 1), sender, StoreNow(), filter.known().half_life());
    score += one.score();
    if (each.key.kind == kAllowKind && each.reputation.score > 0 && list == "none") list = kAllowKind;
    if (each.key.kind == kDenyKind && each.reputation.score > 0) list = kDenyKind;
  }
  return JsonResponse(
      {{"sender", sender}, {"user", user.empty() ? Json() : Json(user)}, {"list", list}, {"score", score}});
}

ApiResult<std::string> SenderInPath(const HttpRequest& request) {
  const std::string given = TRY(NameInPath(request, 0, "sender"));
  std::string sender = NormalSender(given);
  const bool is_domain =
      sender.starts_with('@') && given.find_first_of("@") > 0;  // that of an address that is too long
  if (sender.empty() || is_domain) return Reject("the sender in the path must be at most 320 bytes of valid UTF-8");
  return sender;
}

/// Refuses what no message can have as its sender. Errors: 422.
ApiResult<void> CheckListable(const std::string& sender) {
  if (sender == "@" || sender.find('*') != std::string::npos)
    return Reject("the sender in the path must be an address, a domain such as @example.com, a number or a name");
  const bool letter = std::ranges::any_of(sender, [](char c) { return IsAsciiLower(c); });
  if (sender.find('@') == std::string::npos && sender.find('.') != std::string::npos && letter &&
      sender.find(' ') == std::string::npos) {
    return Reject(fmt::format(
        "the sender '{0}' in the path is not a mail address; to list a domain, begin it with @: @{0}", sender));
  }
  return {};
}

const Json& SenderQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "user": {"type": "string", "description": "ID of a user; left out: for all users"}}})");
  return schema;
}

ApiResult<void> GetSender(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string sender = TRY(SenderInPath(*request));
  const std::string user = NormalUser(TRY(QueryParameters::Read(*request, SenderQuery())).Text("user").value_or(""));
  AskStore(service, request, reply, [service, sender, user] { return Describe(*service->filter, sender, user); });
  return {};
}

const Json& SenderSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["list"], "properties": {
      "list": {"enum": ["allow", "deny", "block", "none"], "description": "allow: messages of the sender are ham; deny or block: they are spam; none: on no list"},
      "user": {"type": ["string", "null"], "maxLength": 1024, "description": "ID of the user whose list it is; left out: the list for all users"}}})");
  return schema;
}

ApiResult<void> PutSender(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string sender = TRY(SenderInPath(*request));
  const Json body = TRY(ParseBody(*request, service->limits, SenderSchema()));
  std::string list = TRY(StringOr(body, "list", ""));
  if (list == "block") list = kDenyKind;
  if (std::ranges::find(kLists, list) == kLists.end()) return Reject("'list' must be allow, deny, block or none");
  if (list != "none") TRY(CheckListable(sender));  // an entry of a former version can be removed
  const std::string user = NormalUser(TRY(NameOr(body, "user")));
  AskStore(service, request, reply, [service, request, sender, list, user]() -> ApiResult<HttpResponse> {
    const std::shared_ptr<Store> store = TRY(service->filter->OpenStore());
    // In one transaction: the sender is never on both lists, or on none in between.
    const auto lists = std::to_array<std::pair<ReputationKey, double>>(
        {{{sender, std::string(kAllowKind), user}, list == kAllowKind ? 1. : 0.},
         {{sender, std::string(kDenyKind), user}, list == kDenyKind ? 1. : 0.}});
    const Result<void> set = store->SetReputations(lists);
    if (!set) return std::unexpected(StoreError(set.error()));
    service->filter->known().ForgetSender(sender);
    Audit(*service, *request, "senders.set", sender, {{"list", list}, {"user", user}});
    return Describe(*service->filter, sender, user);
  });
  return {};
}

Json SenderAnswer() {
  return ParsedJson(R"({"type": "object", "required": ["sender", "user", "list", "score"], "properties": {
    "sender": {"type": "string", "description": "The sender, normalized"},
    "user": {"type": ["string", "null"], "description": "ID of the user; null: for all users"},
    "list": {"enum": ["allow", "deny", "none"], "description": "The list that the sender is on"},
    "score": {"type": "number", "description": "Score learnt from feedback, after its decay; above 0: sends spam"}}})");
}

}  // namespace

std::vector<Route> UserRoutes(const SharedService& service) {
  const Json preferences = ParsedJson(R"({"type": "object", "properties": {
    "mode": {"enum": ["strict", "moderate", "lenient"], "description": "The mode; absent if there is a threshold"},
    "threshold": {"type": "number", "description": "The decision threshold; absent if there is a mode"}}})");
  const Json sender_example =
      ParsedJson(R"({"sender": "joe@example.com", "user": "anna", "list": "allow", "score": -1})");
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/users/{user}/preferences",
                    .role = Role::kFeedback,
                    .docs = {.summary = "Returns the decision threshold of a user",
                             .description = "For a user without preferences, it is the default of the server.",
                             .tag = "Messages",
                             .answer = preferences,
                             .answer_example = {{"mode", "strict"}},
                             .errors = {422}},
                    .handle = Handler(service, GetPreferences)});
  routes.push_back({.method = "PUT",
                    .path = "/v1/users/{user}/preferences",
                    .role = Role::kFeedback,
                    .docs = {.summary = "Sets the decision threshold of a user",
                             .description = "The next message of the user is decided by it.",
                             .tag = "Messages",
                             .request = PreferencesSchema(),
                             .answer = preferences,
                             .example = {{"mode", "strict"}},
                             .answer_example = {{"mode", "strict"}}},
                    .handle = Handler(service, PutPreferences)});
  routes.push_back({.method = "GET",
                    .path = "/v1/senders/{sender}",
                    .role = Role::kAdmin,
                    .docs = {.summary = "Returns the reputation of a sender",
                             .tag = "Messages",
                             .query = SenderQuery(),
                             .answer = SenderAnswer(),
                             .answer_example = sender_example,
                             .errors = {422}},
                    .handle = Handler(service, GetSender)});
  routes.push_back(
      {.method = "PUT",
       .path = "/v1/senders/{sender}",
       .role = Role::kAdmin,
       .docs = {.summary = "Puts a sender on the list of allowed or denied senders",
                .description = "The sender may be a domain, such as @example.com. Entries of a user precede those for "
                               "all users, and entries of a sender precede those of its domain.",
                .tag = "Messages",
                .request = SenderSchema(),
                .answer = SenderAnswer(),
                .example = {{"list", "allow"}, {"user", "anna"}},
                .answer_example = sender_example},
       .handle = Handler(service, PutSender)});
  return routes;
}

}  // namespace winnow

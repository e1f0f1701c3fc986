/// Rules of the message filter: listing, testing on the history, changing without a restart.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_or_null.h"
#include "filter/rule_warnings.h"
#include "filter/suggest_rule.h"
#include "server/ask_store.h"
#include "server/audit.h"
#include "server/filter_request.h"
#include "server/rule_backtest.h"
#include "server/rule_json.h"
#include "server/rule_list.h"
#include "server/service.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr char kRulesTag[] = "Filter";
constexpr HistoryBudget kSuggestionBudget{.messages = 5000, .time = std::chrono::milliseconds(1000)};

/// The status of an error of a change.
ApiError ChangeError(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {.status = 404, .type = "NotFound", .message = error.message};
  if (error.code == ErrorCode::kUnsupported)
    return {.status = 409, .type = "Conflict", .message = error.message + "; " + error.hint};
  if (error.code == ErrorCode::kInvalidData) return {.message = RuleProblemOf(error).message};
  return {.status = 503, .type = "Unavailable", .message = error.message};
}

Json ErrorsJson(const Error& error) {
  const RuleProblem problem = RuleProblemOf(error);
  return Json::array({{{"line", OrNull(problem.line)}, {"message", problem.message}}});
}

/// Returns status 422 with the line of the error.
HttpResponse InvalidRule(const Error& error) {
  HttpResponse response = JsonResponse(
      {{"error", RuleProblemOf(error).message}, {"error_type", "Validation"}, {"errors", ErrorsJson(error)}});
  response.status = 422;
  return response;
}

const Json& RuleRequestSchema() {
  static const Json schema =
      ParsedJson(R"({"type": "object", "additionalProperties": false, "required": ["rule"], "properties": {
    "rule": {"type": "string", "maxLength": 65536, "description": "The rule in TOML: one [[rule]] or [[composite]]"}}})");
  return schema;
}

ApiResult<std::string> RuleIn(const Json& body) {
  constexpr size_t kLongest = 65536;
  std::string text = TRY(StringOr(body, "rule", ""));
  if (text.size() > kLongest)
    return Reject(fmt::format("'rule' has {} bytes; at most {} are allowed", text.size(), kLongest));
  if (text.empty()) return Reject("'rule' must be the TOML text of a rule");
  return text;
}

/// Returns the result of a backtest; null without a store.
ApiResult<Json> BacktestJson(const FilterService& filter, const RuleSet& draft, const std::string& name,
                             const HistoryBudget& budget) {
  if (!filter.has_store()) return Json();
  const std::shared_ptr<Store> store = TRY(filter.OpenStore());
  const RuleSet::Pointer current = RulesInUse(filter);
  const EvidenceWeights weights = EffectiveWeights(filter.filter().options().weights, current->weights());
  const Result<Json> result = BacktestRule(*store, draft, *current, weights, name, budget);
  if (!result) return std::unexpected(StoreError(result.error()));
  return *result;
}

const Json& TestSchema() {
  static const Json schema = [] {
    Json made = RuleRequestSchema();
    made["properties"]["messages"] =
        ParsedJson(R"({"type": "integer", "minimum": 1, "maximum": 100000, "default": 100000,
      "description": "Maximum number of messages of the history, the newest ones"})");
    return made;
  }();
  return schema;
}

ApiResult<void> TestRule(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits, TestSchema()));
  const std::string text = TRY(RuleIn(body));
  HistoryBudget budget;
  budget.messages = static_cast<size_t>(TRY(IntegerOr(body, "messages", 100000, 1, 100000)));
  AskStoreFor(kHistoryPatience, service, request, reply, [service, text, budget]() -> ApiResult<HttpResponse> {
    const FilterService& filter = *service->filter;
    const Result<RuleText> rule = ReadRuleText(text);
    const Result<RuleSet::Pointer> draft = rule ? filter.rules().With(*rule) : std::unexpected(rule.error());
    if (!draft) {
      return JsonResponse({{"valid", false},
                           {"errors", ErrorsJson(draft.error())},
                           {"warnings", Json::array()},
                           {"backtest", nullptr}});
    }
    Json warnings = Json::array();
    for (const std::string& warning : RuleWarnings(**draft)) {
      if (warning.find(fmt::format(" {} ", rule->name)) != std::string::npos) warnings.push_back(warning);
    }
    return JsonResponse({{"valid", true},
                         {"name", rule->name},
                         {"errors", Json::array()},
                         {"warnings", std::move(warnings)},
                         {"backtest", TRY(BacktestJson(filter, **draft, rule->name, budget))}});
  });
  return {};
}

const Json& SuggestionSchema() {
  static const Json schema =
      ParsedJson(R"({"type": "object", "additionalProperties": false, "required": ["text"], "properties": {
    "text": {"type": "string", "description": "Text of a message"},
    "is_spam": {"type": ["boolean", "null"], "description": "Whether the rule is to find spam, which is the default, or good messages"}}})");
  return schema;
}

std::string ReasonOf(const SuggestedRule& suggested, bool is_spam, size_t messages) {
  return fmt::format("\"{}\" is in {} other {} and in {} {} among the newest {} messages", suggested.shown,
                     suggested.same, is_spam ? "spam messages" : "good messages", suggested.other,
                     is_spam ? "good ones" : "spam messages", messages);
}

ApiResult<HttpResponse> SuggestFor(const FilterService& filter, const std::string& text, bool is_spam) {
  RuleSuggester suggester(text, is_spam);
  size_t messages = 0;
  if (filter.has_store()) {
    const std::shared_ptr<Store> store = TRY(filter.OpenStore());
    const Result<bool> read =
        ForNewestMessages(*store, kSuggestionBudget, [&](const MessageRecord& message, std::optional<bool> truth) {
          suggester.Count(message.text, truth.value_or(message.is_spam));
          ++messages;
        });
    if (!read) return std::unexpected(StoreError(read.error()));
  }
  std::set<std::string, std::less<>> taken;
  const RuleSet::Pointer current = RulesInUse(filter);
  for (const Rule& rule : current->rules()) taken.insert(rule.name);
  for (const Composite& composite : current->composites()) taken.insert(composite.name);
  const SuggestedRule suggested = suggester.Suggest(taken);
  const Result<RuleSet::Pointer> draft = filter.rules().With(suggested.rule);
  if (!draft) return std::unexpected(ChangeError(draft.error()));
  return JsonResponse({{"rule", suggested.rule.text},
                       {"name", suggested.rule.name},
                       {"reason", ReasonOf(suggested, is_spam, messages)},
                       {"backtest", TRY(BacktestJson(filter, **draft, suggested.rule.name, {}))}});
}

ApiResult<void> SuggestRule(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits, SuggestionSchema()));
  const Json* const field = FindField(body, "text");
  if (field == nullptr) return Reject("'text' must be the text of a message");
  const std::string text = TRY(TextOf(*field, "text", service->limits));
  if (IsBlank(text)) return Reject("'text' has nothing that a rule could look for");
  const bool is_spam = TRY(FlagOr(body, "is_spam", true));
  AskStoreFor(kHistoryPatience, service, request, reply,
              [service, text, is_spam] { return SuggestFor(*service->filter, text, is_spam); });
  return {};
}

ApiResult<void> PutRule(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string name = TRY(NameInPath(*request, 0, "name"));
  const Json body = TRY(ParseBody(*request, service->limits, RuleRequestSchema()));
  const std::string text = TRY(RuleIn(body));
  AskStore(service, request, reply, [service, request, name, text]() -> ApiResult<HttpResponse> {
    FilterService& filter = *service->filter;
    const Result<RuleText> rule = ReadRuleText(text);
    if (!rule) return InvalidRule(rule.error());
    if (rule->name != name)
      return Reject(fmt::format("the rule in 'rule' has the name {}, and the path has the name {}", rule->name, name));
    const Result<std::string> former = filter.rules().TextOf(name);
    const Result<void> changed = filter.ChangeRules([&](WorkspaceRules& rules) { return rules.Put(*rule); });
    if (!changed && changed.error().code == ErrorCode::kInvalidData) return InvalidRule(changed.error());
    if (!changed) return std::unexpected(ChangeError(changed.error()));
    const bool replaced = former && !former->empty();
    Audit(*service, *request, "rules.set", name, {{"replaced", replaced}, {"rule", rule->text}});
    return JsonResponse({{"rule", OneRuleJson(filter, name)}, {"replaced", replaced}});
  });
  return {};
}

ApiResult<void> DeleteRule(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string name = TRY(NameInPath(*request, 0, "name"));
  AskStore(service, request, reply, [service, request, name]() -> ApiResult<HttpResponse> {
    FilterService& filter = *service->filter;
    const Json known = OneRuleJson(filter, name);
    if (known.is_null()) return Reject(404, "NotFound", fmt::format("there is no rule '{}'", name));
    if (!known["editable"].get<bool>()) {
      return Reject(409, "Conflict",
                    fmt::format("the rule {} is in {}, which the API does not change", name, known["file"].str()));
    }
    const Result<void> changed = filter.ChangeRules([&](WorkspaceRules& rules) { return rules.Remove(name); });
    if (!changed) return std::unexpected(ChangeError(changed.error()));
    Audit(*service, *request, "rules.delete", name, {{"rule", known["rule"]}});
    return JsonResponse({{"removed", name}});
  });
  return {};
}

ApiResult<void> UndoRules(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  AskStore(service, request, reply, [service, request]() -> ApiResult<HttpResponse> {
    FilterService& filter = *service->filter;
    const Result<void> changed = filter.ChangeRules([](WorkspaceRules& rules) { return rules.Undo(); });
    if (!changed) return std::unexpected(ChangeError(changed.error()));
    Audit(*service, *request, "rules.undo", filter.rules().page_name());
    Json names = Json::array();
    const RuleSet::Pointer rules = RulesInUse(filter);
    for (const Rule& rule : rules->rules()) {
      if (rule.file == filter.rules().page_name()) names.push_back(rule.name);
    }
    for (const Composite& composite : rules->composites()) {
      if (composite.file == filter.rules().page_name()) names.push_back(composite.name);
    }
    return JsonResponse({{"rules", std::move(names)}});
  });
  return {};
}

Route RuleRoute(const SharedService& service, std::string method, std::string path, std::string summary,
                ServiceHandler handle) {
  return {.method = std::move(method),
          .path = std::move(path),
          .role = Role::kAdmin,
          .docs = {.summary = std::move(summary), .tag = kRulesTag},
          .handle = Handler(service, handle)};
}

Json BacktestSchema() {
  return ParsedJson(
      R"({"type": ["object", "null"], "description": "The rule on the newest messages of the history and on the other texts that people have labelled, as far as two seconds allow; null without a store", "properties": {
    "messages": {"type": "integer", "description": "Number of messages and texts"},
    "hits": {"type": "integer", "description": "Number of them that the rule hits"},
    "spam": {"type": "integer", "description": "Hits that are spam as people say, or else as was judged"},
    "ham": {"type": "integer", "description": "Hits that are not"},
    "known_spam": {"type": "integer", "description": "Hits that people have called spam"},
    "known_ham": {"type": "integer", "description": "Hits that people have called ham"},
    "to_spam": {"type": "integer", "description": "Messages that would be judged spam, and are not"},
    "to_ham": {"type": "integer", "description": "Messages that would no longer be judged spam"},
    "mended": {"type": "integer", "description": "Changed verdicts that people say are right then"},
    "broken": {"type": "integer", "description": "Changed verdicts that people say are wrong then"},
    "open": {"type": "integer", "description": "Messages that the model would have to decide"},
    "examples": {"type": "array", "items": {"type": "string"}, "description": "Beginnings of texts that the rule hits"},
    "complete": {"type": "boolean", "description": "Whether these are all messages of the history"}}})");
}

Json ExampleBacktest() {
  return ParsedJson(
      R"({"messages": 1204, "hits": 14, "spam": 13, "ham": 1, "known_spam": 3, "known_ham": 0, "to_spam": 8,
    "to_ham": 0, "mended": 2, "broken": 0, "open": 0, "examples": ["Claim your prize today"], "complete": true})");
}

Json ListedRuleSchema() {
  Json schema = RuleSchema();
  schema["description"] = "The rule as GET /v1/rules shows it, without hits";
  return schema;
}

constexpr char kExampleRule[] =
    "[[rule]]\nname = \"CLAIM_YOUR_PRIZE\"\nscore = 3\npattern = '(?i)\\bclaim\\W+your\\W+prize\\b'\n";

Json ExampleListed() {
  Json rule = ParsedJson(R"({"name": "CLAIM_YOUR_PRIZE", "description": "", "kind": "rule", "score": 3, "group": null,
    "conditions": ["text matches (?i)\\bclaim\\W+your\\W+prize\\b"], "tags": [], "enabled": true, "file": "page.toml",
    "line": 3, "editable": true, "hits": 14, "spam_hits": 13, "known_spam": 3, "known_ham": 0})");
  rule["rule"] = kExampleRule;
  return rule;
}

Route ListRoute(const SharedService& service) {
  const auto hits = std::make_shared<RuleHits>();
  Route list = RuleRoute(service, "GET", "/v1/rules", "Lists the rules of the message filter", {});
  list.handle = [service, hits](const SharedRequest& request, const HttpReply& reply) {
    AskStoreFor(kHistoryPatience, service, request, reply, [service, hits]() -> ApiResult<HttpResponse> {
      return JsonResponse(RuleListJson(*service->filter, hits->Of(*service->filter)));
    });
  };
  list.docs.description =
      "Hits are those in the newest 20,000 messages of the history, or as many as can be read in a second; they are counted "
      "again after ten seconds.";
  list.docs.answer = {
      {"type", "object"},
      {"required", {"rules", "files", "editable", "problem", "actions", "counted"}},
      {"properties",
       {{"rules", {{"type", "array"}, {"items", RuleSchema()}, {"description", "Rules, then composites"}}},
        {"files",
         ParsedJson(R"({"type": "array", "items": {"type": "string"}, "description": "Names of the files of rules"})")},
        {"editable", {{"type", "boolean"}, {"description", "Whether the API can add rules"}}},
        {"problem",
         ParsedJson(R"({"type": ["string", "null"], "description": "Why the rules of the workspace are not in use"})")},
        {"actions",
         ParsedJson(
             R"({"type": "object", "description": "Sums of scores from which rules alone decide; null: they never do"})")},
        {"counted",
         ParsedJson(R"({"type": ["object", "null"], "description": "In how many messages hits were counted"})")}}}};
  list.docs.answer_example = {
      {"rules", Json::array({ExampleListed()})},
      {"files", Json::array({"messages.toml", "page.toml"})},
      {"editable", true},
      {"problem", nullptr},
      {"actions", {{"spam", 6}, {"ham", -6}}},
      {"counted", {{"messages", 1204}, {"since", "2026-11-21T20:15:00.125Z"}, {"complete", true}}}};
  return list;
}

}  // namespace

std::vector<Route> RuleRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back(ListRoute(service));
  Route test =
      RuleRoute(service, "POST", "/v1/rules/test", "Tests a rule on the history, and changes nothing", TestRule);
  test.docs.request = TestSchema();
  test.docs.example = {{"rule", kExampleRule}};
  test.docs.answer =
      ParsedJson(R"({"type": "object", "required": ["valid", "errors", "warnings", "backtest"], "properties": {
    "valid": {"type": "boolean", "description": "Whether the rule can be used"},
    "name": {"type": "string", "description": "Name of the rule, if it is valid"},
    "errors": {"type": "array", "description": "What is wrong", "items": {"type": "object", "properties": {
      "line": {"type": ["integer", "null"], "description": "Line of the rule's text"}, "message": {"type": "string", "description": "The error, in words"}}}},
    "warnings": {"type": "array", "items": {"type": "string"}, "description": "What is probably a mistake"}}})");
  test.docs.answer["properties"]["backtest"] = BacktestSchema();
  test.docs.answer_example = {{"valid", true},
                              {"name", "CLAIM_YOUR_PRIZE"},
                              {"errors", Json::array()},
                              {"warnings", Json::array()},
                              {"backtest", ExampleBacktest()}};
  Route suggest = RuleRoute(service, "POST", "/v1/rules/suggest", "Makes a rule of a message", SuggestRule);
  suggest.docs.description =
      "The rule looks for the phrase, or the host of a link, by which the message differs most from those of the history that "
      "it must not hit. Nothing is changed: PUT /v1/rules/{name} adds the rule.";
  suggest.docs.request = SuggestionSchema();
  suggest.docs.example = {{"text", "Claim your prize today"}};
  suggest.docs.answer =
      ParsedJson(R"({"type": "object", "required": ["rule", "name", "reason", "backtest"], "properties": {
    "rule": {"type": "string", "description": "TOML text of the rule"}, "name": {"type": "string", "description": "Name of the rule"},
    "reason": {"type": "string", "description": "Why this phrase, in words"}}})");
  suggest.docs.answer["properties"]["backtest"] = BacktestSchema();
  suggest.docs.answer_example = {
      {"rule", kExampleRule},
      {"name", "CLAIM_YOUR_PRIZE"},
      {"reason", "\"claim your prize\" is in 13 other spam messages and in 1 good ones among the newest 1204 messages"},
      {"backtest", ExampleBacktest()}};
  Route put = RuleRoute(service, "PUT", "/v1/rules/{name}", "Adds or replaces a rule", PutRule);
  put.docs.description =
      "The rule is written to WORKSPACE/rules/page.toml and in use at once. The former version stays and can be brought back. "
      "A rule that is not valid changes nothing; the response names the line.";
  put.docs.request = RuleRequestSchema();
  put.docs.example = {{"rule", kExampleRule}};
  put.docs.answer = {{"type", "object"},
                     {"properties",
                      {{"rule", ListedRuleSchema()},
                       {"replaced", {{"type", "boolean"}, {"description", "Whether there was a rule of this name"}}}}}};
  put.docs.answer_example = {{"rule", ExampleListed()}, {"replaced", false}};
  put.docs.errors = {409, 503};
  Route remove = RuleRoute(service, "DELETE", "/v1/rules/{name}", "Removes a rule", DeleteRule);
  remove.docs.answer = ParsedJson(
      R"({"type": "object", "properties": {"removed": {"type": "string", "description": "Name of the rule"}}})");
  remove.docs.answer_example = {{"removed", "CLAIM_YOUR_PRIZE"}};
  remove.docs.errors = {404, 409, 422, 503};
  Route undo = RuleRoute(service, "POST", "/v1/rules/undo", "Undoes the last change of the rules", UndoRules);
  undo.docs.description = "Can be repeated: each request undoes one more change, of the last hundred.";
  undo.docs.answer = ParsedJson(R"({"type": "object", "properties": {
    "rules": {"type": "array", "items": {"type": "string"}, "description": "Names of the rules of the workspace now"}}})");
  undo.docs.answer_example = {{"rules", Json::array({"CLAIM_YOUR_PRIZE"})}};
  undo.docs.errors = {404, 409, 422, 503};
  for (Route* route : {&test, &suggest, &put, &remove, &undo}) routes.push_back(std::move(*route));
  return routes;
}

}  // namespace winnow

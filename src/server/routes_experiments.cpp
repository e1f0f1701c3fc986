#include <fmt/format.h>

#include <algorithm>

#include "experiment/experiment_status.h"
#include "server/ask_registry.h"
#include "server/filter_request.h"

namespace winnow {
namespace {

constexpr char kExperimentsTag[] = "Registry";

const Json& BeginSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["candidate"], "properties": {
      "candidate": {"type": "string", "minLength": 1, "description": "Version to compare with the champion; \"@challenger\": what the alias means"},
      "percent": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 95, "description": "Percentage of the users who get the candidate; left out: 10"},
      "ramp": {"type": ["array", "null"], "minItems": 1, "maxItems": 100, "items": {"type": "number", "exclusiveMinimum": 0, "maximum": 95}, "description": "In place of percent: ascending percentages, one after the other"},
      "hold": {"type": ["string", "null"], "description": "Minimum time for which each percentage of the ramp is kept, such as \"24h\""},
      "margin": {"type": ["number", "null"], "minimum": 1, "maximum": 100, "description": "Roll back when the candidate's rate of errors is shown to exceed the champion's times this number; left out: 1"},
      "promotion_margin": {"type": ["number", "null"], "minimum": 0.01, "maximum": 1, "description": "Promote when the candidate's rate of errors is shown to be below the champion's times this number; left out: 1"},
      "alpha": {"type": ["number", "null"], "minimum": 1e-9, "maximum": 0.5, "description": "Largest probability of each of the two wrong decisions; left out: 0.05"},
      "shadow": {"type": ["boolean", "null"], "description": "Both models score every message, the champion's answers are shown, and blind labels decide"},
      "dry_run": {"type": ["boolean", "null"], "description": "End with the decision, and change no alias"},
      "compare_percent": {"type": ["number", "null"], "minimum": 0, "maximum": 100, "description": "Percentage of the messages that both models score, for blind labels"},
      "min_users": {"type": ["integer", "null"], "minimum": 0, "maximum": 1000000000, "description": "Minimum number of users in each arm before the percentage is raised; left out: 20"}}})");
  return schema;
}

const Json& StopSchema() {
  static const Json schema = ParsedJson(R"({"type": "object", "additionalProperties": false, "properties": {
    "reason": {"type": ["string", "null"], "description": "Reason, for the list of decisions"}}})");
  return schema;
}

ApiResult<double> NumberOr(const Json& object, const char* name, double otherwise) {
  const Json* const number = FindField(object, name);
  if (number == nullptr) return otherwise;
  if (!number->is_number()) return Reject(fmt::format("'{}' must be a number", name));
  return number->get<double>();
}

ApiResult<std::vector<double>> ReadRamp(const Json& body) {
  const Json* const ramp = FindField(body, "ramp");
  if (ramp == nullptr) return std::vector{TRY(NumberOr(body, "percent", 10)) / 100};
  if (FindField(body, "percent") != nullptr) return Reject("'ramp' cannot be combined with 'percent'");
  if (!ramp->is_array()) return Reject("'ramp' must be a list of percentages");
  std::vector<double> shares;
  for (const Json& percent : *ramp) shares.push_back(TRY(NumberOr(Json{{"ramp", percent}}, "ramp", 0)) / 100);
  return shares;
}

/// What a message says of an option at its beginning, --compare-percent, said of the field.
std::string InWordsOfFields(std::string message) {
  if (!message.starts_with("--")) return message;
  const size_t end = std::min(message.find(' '), message.size());
  std::string name = message.substr(2, end - 2);
  std::ranges::replace(name, '-', '_');
  return "'" + name + "'" + message.substr(end);
}

ApiResult<ExperimentPlan> ReadPlan(const Json& body) {
  ExperimentPlan plan;
  plan.ramp = TRY(ReadRamp(body));
  plan.tests.margin = TRY(NumberOr(body, "margin", 1));
  plan.tests.promotion_margin = TRY(NumberOr(body, "promotion_margin", 1));
  plan.tests.alpha = TRY(NumberOr(body, "alpha", plan.tests.alpha));
  plan.shadow = TRY(FlagOr(body, "shadow", false));
  plan.dry_run = TRY(FlagOr(body, "dry_run", false));
  plan.compare_share = TRY(NumberOr(body, "compare_percent", 0)) / 100;
  plan.min_users = TRY(IntegerOr(body, "min_users", plan.min_users, 0, 1000000000));
  const Result<std::chrono::milliseconds> hold = ParseHold(TRY(StringOr(body, "hold", "0s")));
  if (!hold) return Reject("'hold' must be a whole number with its unit, such as \"24h\"");
  plan.hold = *hold;
  if (const Result<void> checked = CheckNewPlan(plan); !checked)
    return Reject(InWordsOfFields(checked.error().message));
  return plan;
}

ApiResult<HttpResponse> StatusResponse(Registry& registry, const Result<Experiment>& experiment) {
  if (!experiment) return std::unexpected(RegistryError(experiment.error()));
  const Result<ExperimentReportCard> card = ReadReportCard(registry.store(), *experiment);
  if (!card) return std::unexpected(RegistryError(card.error()));
  return JsonResponse(StatusJson(*experiment, *card));
}

ApiResult<void> Show(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string model = TRY(NameInPath(*request, 0, "model"));
  AskRegistry(service, request, reply, [model](Registry& registry) -> ApiResult<HttpResponse> {
    const Result<std::optional<Experiment>> newest = FindNewestExperiment(registry.store(), model);
    if (!newest) return std::unexpected(RegistryError(newest.error()));
    if (!*newest) return Reject(404, "NotFound", "there was no experiment of this model");
    return StatusResponse(registry, **newest);
  });
  return {};
}

ApiResult<void> Begin(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string model = TRY(NameInPath(*request, 0, "model"));
  const Json body = TRY(ParseBody(*request, service->limits, BeginSchema()));
  const ExperimentPlan plan = TRY(ReadPlan(body));
  const std::string asked = TRY(NameOr(body, "candidate"));
  if (asked.empty()) return Reject("'candidate' must be a version of the model, such as 1.2.0");
  AskRegistry(service, request, reply,
              [=, actor = RegistryActor(*request)](Registry& registry) -> ApiResult<HttpResponse> {
                std::string candidate = asked;
                if (candidate.starts_with('@')) {
                  const Result<ModelVersion> meant = registry.Show(model + candidate);
                  if (!meant) return std::unexpected(RegistryError(meant.error()));
                  candidate = meant->version;
                }
                const auto begun = StartExperiment(registry.store(), model, candidate, plan, actor, StoreNow());
                if (begun) {
                  service->registry->LookNow();
                  AuditRegistry(*service, *request, registry, "experiment.start", model, {{"candidate", candidate}});
                }
                return StatusResponse(registry, begun);
              });
  return {};
}

ApiResult<void> Stop(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string model = TRY(NameInPath(*request, 0, "model"));
  std::string reason = "stopped by hand";
  if (!request->body.empty())
    reason = TRY(StringOr(TRY(ParseBody(*request, service->limits, StopSchema())), "reason", reason));
  AskRegistry(service, request, reply, [=, actor = RegistryActor(*request)](Registry& registry) {
    const auto stopped = StopExperiment(registry.store(), model, reason, actor);
    if (stopped) AuditRegistry(*service, *request, registry, "experiment.stop", model, {{"reason", reason}});
    return StatusResponse(registry, stopped);
  });
  return {};
}

const Json& StatusSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "required": ["experiment", "phase", "active", "champion", "candidate", "share", "decisions"],
    "properties": {
      "experiment": {"type": "string", "description": "Model and number of the experiment"},
      "phase": {"enum": ["running", "promoting", "rolling_back", "promoted", "rolled_back", "stopped"]},
      "active": {"type": "boolean", "description": "Whether the experiment has not ended"},
      "champion": {"type": "string", "description": "Version that was the champion at the beginning"},
      "candidate": {"type": "string", "description": "Version that is compared with it"},
      "plan": {"type": "object", "description": "Ramp, margins and other options"},
      "share": {"type": "number", "description": "Present share of the users who get the candidate"},
      "pause": {"type": ["string", "null"], "description": "Why the ramp does not go on"},
      "complaints": {"type": "object", "description": "T1: the users who reported an error"},
      "labels": {"type": "object", "description": "T2: blind labels of disagreements"},
      "difference": {"type": "object", "description": "T3: the difference of the rates of errors"},
      "users": {"type": "object", "description": "Numbers of users that the arms have answered"},
      "answers": {"type": "object", "description": "Answers, failures and latencies of the arms"},
      "guardrails": {"type": "array", "description": "Guardrails that fail", "items": {"type": "object"}},
      "decisions": {"type": "array", "description": "The decisions, the oldest first", "items": {"type": "object"}}}})");
  return schema;
}

RouteDocs DocsOf(const char* summary, const char* description) {
  return {
      .summary = summary,
      .description = description,
      .tag = kExperimentsTag,
      .answer = StatusSchema(),
      .answer_example = ParsedJson(R"({"experiment": "spam/1", "phase": "running", "active": true, "champion": "1.0.0",
            "candidate": "1.1.0", "share": 0.1, "pause": null, "guardrails": [],
            "decisions": [{"time": "2026-11-28T20:15:00.125Z", "action": "start", "reason": "1.1.0 against 1.0.0"}]})"),
      .errors = {404, 422, 503}};
}

}  // namespace

std::vector<Route> ExperimentRoutes(const SharedService& service) {
  std::vector<Route> routes;
  const auto add = [&](const char* method, const char* path, Role role, RouteDocs docs, ServiceHandler handle) {
    routes.push_back(
        {.method = method, .path = path, .role = role, .docs = std::move(docs), .handle = Handler(service, handle)});
  };
  add("GET", "/v1/registry/{model}/ab", Role::kClassify,
      DocsOf("Shows the newest experiment of a model", "Its state, and the decisions so far."), Show);
  RouteDocs begin =
      DocsOf("Begins an experiment",
             "Gives the candidate to a share of the users, until it is rolled back or promoted. Status 409: "
             "an experiment of the model is running.");
  begin.request = BeginSchema();
  begin.example = {{"candidate", "1.1.0"}, {"percent", 10}};
  begin.errors = {400, 404, 409, 422, 503};
  add("POST", "/v1/registry/{model}/ab", Role::kAdmin, std::move(begin), Begin);
  RouteDocs stop = DocsOf("Ends an experiment without a verdict", "All users get the champion again.");
  stop.request = StopSchema();
  stop.request_optional = true;
  stop.example = {{"reason", "a better one is coming"}};
  stop.errors = {400, 404, 409, 422, 503};
  add("POST", "/v1/registry/{model}/ab/stop", Role::kAdmin, std::move(stop), Stop);
  return routes;
}

}  // namespace winnow

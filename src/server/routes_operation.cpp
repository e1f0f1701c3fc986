/// What the server does: rates, durations, queue and cache of the last minutes, what models decide, drift and errors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "feedback/verdict_samples.h"
#include "server/drift_report.h"
#include "server/operation_history.h"
#include "server/query_parameters.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kOperationTag[] = "Operation";
constexpr std::chrono::minutes kLately{5};

/// Rounds to a hundredth: no measurement here is more exact.
Json Rounded(std::optional<double> value) { return value ? Json(std::round(100 * *value) / 100) : Json(); }

std::optional<double> MillisecondsOf(const ServedCounts::OfRoute& route, double quantile) {
  const std::optional<double> seconds = QuantileOf(route.durations, quantile);
  if (!seconds) return std::nullopt;
  return 1000 * *seconds;
}

Json RequestsJson(const OperationPeriod& lately) {
  return {{"per_second", Rounded(lately.PerSecond(lately.did.requests))},
          {"p50_ms", Rounded(lately.Milliseconds(.5))},
          {"p95_ms", Rounded(lately.Milliseconds(.95))},
          {"p99_ms", Rounded(lately.Milliseconds(.99))},
          {"count", lately.did.requests},
          {"errors", lately.did.errors},
          {"refused", lately.did.refused},
          {"seconds", Rounded(lately.seconds())}};
}

Json RoutesJson(const ServedCounts& counts) {
  std::vector<const ServedCounts::OfRoute*> routes;
  for (const ServedCounts::OfRoute& route : counts.routes) routes.push_back(&route);
  std::ranges::stable_sort(routes, std::greater(), &ServedCounts::OfRoute::count);
  Json json = Json::array();
  for (const ServedCounts::OfRoute* const route : routes) {
    json.push_back({{"route", route->route},
                    {"count", route->count},
                    {"p50_ms", Rounded(MillisecondsOf(*route, .5))},
                    {"p99_ms", Rounded(MillisecondsOf(*route, .99))},
                    {"errors", route->errors},
                    {"client_errors", route->client_errors},
                    {"refused", route->refused}});
  }
  return json;
}

Json ModelsJson(const ServedCounts& counts) {
  Json json = Json::array();
  for (const ServedCounts::OfModel& model : counts.models) {
    Json decisions = Json::object();
    for (const auto& [decision, texts] : model.decisions) decisions[decision] = texts;
    json.push_back(
        {{"model", model.model}, {"version", model.version}, {"texts", model.texts}, {"decisions", decisions}});
  }
  return json;
}

Json OperationJson(const Service& service) {
  const MetricsSnapshot now = service.metrics->Snapshot();
  const ServedCounts counts = service.metrics->Counts();
  const OperationPeriod lately = service.operation->Last(kLately, service.operation->Now());
  const auto up = std::chrono::duration<double>(StoreNow() - service.operation->started());
  Json json = {{"uptime_seconds", std::floor(up.count())},
               {"requests", RequestsJson(lately)},
               {"routes", RoutesJson(counts)},
               {"texts", counts.texts},
               {"verdicts", {{"spam", counts.judged_spam}, {"ham", counts.judged_ham}}},
               {"cache",
                {{"hits", now.cache_hits},
                 {"misses", now.cache_misses},
                 {"entries", now.cache_entries},
                 {"mb", Rounded(static_cast<double>(now.cache_bytes) / 1e6)}}},
               {"queue", {{"waiting", now.queued_texts}, {"refused", now.queued_texts_refused}}},
               {"memory", {{"models_mb", Rounded(static_cast<double>(now.model_bytes) / 1e6)}}},
               {"connections", now.connections},
               {"models", ModelsJson(counts)}};
  json["store"] = now.has_store ? Json{{"available", now.store_available},
                                       {"history_waiting", now.history_waiting},
                                       {"history_lost", now.history_lost},
                                       {"feedback_spooled", now.feedback_spooled}}
                                : Json();
  return json;
}

Json RateJson(const EstimatedRate& rate) {
  return {{"rate", rate.verdicts == 0 ? Json() : Json(rate.rate)},
          {"interval", Json::array({rate.low, rate.high})},
          {"verdicts", rate.verdicts}};
}

/// Returns the error rates of verdicts by blind labels, as `winnow feedback audit report --json` does; null if the
/// store is not available.
Json AuditedJson(const FilterService& filter) {
  const std::shared_ptr<Store> store = filter.recorder().store();
  if (store == nullptr) return {};
  const Result<std::vector<StoredVerdictSample>> samples = ReadVerdictSamples(*store);
  if (!samples) {
    LogWarning("the audited errors cannot be computed: {}", samples.error().message);
    return {};
  }
  const VerdictRates rates = EstimateRates(*samples);
  return {{"labelled", rates.labelled},
          {"waiting", rates.waiting},
          {"false_positive_rate", RateJson(rates.false_positives)},
          {"false_negative_rate", RateJson(rates.false_negatives)},
          {"false_discovery_rate", RateJson(rates.wrong_spam)},
          {"positives", RateJson(rates.spam)}};
}

ApiResult<void> Operation(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const auto answer = [service]() -> ApiResult<HttpResponse> {
    Json json = OperationJson(*service);
    json["drift"] = ReadDriftReport(service->workspace);
    const bool has_store = service->filter != nullptr && service->filter->has_store();
    json["errors_audited"] = has_store ? AuditedJson(*service->filter) : Json();
    return JsonResponse(json);
  };
  if (service->filter != nullptr && service->filter->has_store()) {
    AskStore(service, request, reply, answer);
  } else {
    reply(ResponseOf(answer()));
  }
  return {};
}

const Json& HistoryQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "minutes": {"type": "integer", "minimum": 1, "maximum": 1440, "default": 60, "description": "Number of minutes"}}})");
  return schema;
}

ApiResult<HttpResponse> HistoryResponse(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, HistoryQuery()));
  const int64_t minutes = TRY(query.Integer("minutes", 60, 1, 1440));
  Json points = Json::array();
  for (const OperationPeriod& period : service.operation->Minutes(static_cast<size_t>(minutes))) {
    const OperationSample& did = period.did;
    points.push_back({{"time", TimeText(period.until)},
                      {"seconds", Rounded(period.seconds())},
                      {"requests", did.requests},
                      {"per_second", Rounded(period.PerSecond(did.requests))},
                      {"p50_ms", Rounded(period.Milliseconds(.5))},
                      {"p95_ms", Rounded(period.Milliseconds(.95))},
                      {"p99_ms", Rounded(period.Milliseconds(.99))},
                      {"errors", did.errors},
                      {"refused", did.refused},
                      {"texts", did.texts},
                      {"spam", did.judged_spam},
                      {"ham", did.judged_ham},
                      {"cache_hits", did.cache_hits},
                      {"cache_misses", did.cache_misses},
                      {"queued_texts", did.queued_texts}});
  }
  return JsonResponse({{"points", std::move(points)}});
}

Json OperationSchema() {
  return ParsedJson(R"({"type": "object",
    "required": ["uptime_seconds", "requests", "routes", "texts", "verdicts", "cache", "queue", "memory", "connections", "models", "store", "drift", "errors_audited"],
    "properties": {
      "uptime_seconds": {"type": "number", "description": "Time since the start of the server"},
      "requests": {"type": "object", "description": "Requests of the last five minutes: per_second, count, durations in milliseconds (50 %, 95 % and 99 % of the responses were not slower; null without requests), errors (status 500 and above), refused (status 429), and the time in seconds that was measured"},
      "routes": {"type": "array", "items": {"type": "object"}, "description": "Requests since the start by route, the most frequent first; client_errors: status 400 to 499 except 429"},
      "texts": {"type": "integer", "description": "Texts that were classified since the start"},
      "verdicts": {"type": "object", "description": "Verdicts of the message filter since the start"},
      "cache": {"type": "object", "description": "Cache of predictions: lookups since the start, entries, and memory in megabytes"},
      "queue": {"type": "object", "description": "Texts that wait now, and texts that were refused since the start because the queue was full"},
      "memory": {"type": "object", "description": "Memory of the loaded models in megabytes"},
      "connections": {"type": "integer", "description": "Open connections"},
      "models": {"type": "array", "items": {"type": "object"}, "description": "Decisions of each model since the start"},
      "store": {"type": ["object", "null"], "description": "State of the store of the filter; null without a store"},
      "drift": {"type": ["object", "null"], "description": "The report in WORKSPACE/reports/drift.json, which a job of the kind drift or 'winnow drift --json' has written; null if there is none"},
      "errors_audited": {"type": ["object", "null"], "description": "Error rates of verdicts by blind labels, with intervals of 95 %, as 'winnow feedback audit report' prints them; null without a store"}}})");
}

Json HistorySchema() {
  return ParsedJson(R"({"type": "object", "required": ["points"], "properties": {
    "points": {"type": "array", "description": "One element per minute", "items": {"type": "object", "properties": {
      "time": {"type": "string", "format": "date-time", "description": "End of the minute"},
      "seconds": {"type": "number", "description": "Length of the minute in seconds; the first one is shorter"},
      "requests": {"type": "integer", "description": "Number of responses"},
      "per_second": {"type": "number", "description": "Responses per second"},
      "p50_ms": {"type": ["number", "null"], "description": "Median of the durations in milliseconds; null without requests"},
      "p95_ms": {"type": ["number", "null"], "description": "95 % of the responses were not slower"},
      "p99_ms": {"type": ["number", "null"], "description": "99 % of the responses were not slower"},
      "errors": {"type": "integer", "description": "Responses with status 500 and above"},
      "refused": {"type": "integer", "description": "Responses with status 429"},
      "texts": {"type": "integer", "description": "Texts that were classified"},
      "spam": {"type": "integer", "description": "Messages that the filter judged spam"},
      "ham": {"type": "integer", "description": "Messages that the filter judged ham"},
      "cache_hits": {"type": "integer", "description": "Texts that were found in the cache"},
      "cache_misses": {"type": "integer", "description": "Texts that were not"},
      "queued_texts": {"type": "integer", "description": "Texts in the queue at the end of the minute"}}}}}})");
}

}  // namespace

std::vector<Route> OperationRoutes(const SharedService& service) {
  if (!service->operation || !service->metrics) return {};
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/operation",
                    .role = Role::kAdmin,
                    .docs = {.summary = "Returns how the server is doing",
                             .description = "/metrics has more numbers, for Prometheus.",
                             .tag = kOperationTag,
                             .answer = OperationSchema(),
                             .answer_example = ParsedJson(R"({"uptime_seconds": 86400,
        "requests": {"per_second": 12.5, "p50_ms": 1.2, "p95_ms": 3.4, "p99_ms": 8.1, "count": 3750, "errors": 0, "refused": 0, "seconds": 300},
        "routes": [{"route": "/v1/classify", "count": 3700, "p50_ms": 1.2, "p99_ms": 8, "errors": 0, "client_errors": 1, "refused": 0}],
        "texts": 3700, "verdicts": {"spam": 0, "ham": 0}, "cache": {"hits": 900, "misses": 2800, "entries": 2800, "mb": 1.1},
        "queue": {"waiting": 0, "refused": 0}, "memory": {"models_mb": 23.4}, "connections": 4,
        "models": [{"model": "spam", "version": "1.0.0", "texts": 3700, "decisions": {"ham": 3000, "spam": 700}}],
        "store": null, "drift": null, "errors_audited": null})")},
                    .handle = Handler(service, Operation)});
  routes.push_back(
      {.method = "GET",
       .path = "/v1/operation/history",
       .role = Role::kAdmin,
       .docs = {.summary = "Returns what the server did in each of the last minutes",
                .description = "The oldest minute comes first. The server keeps a day in memory.",
                .tag = kOperationTag,
                .query = HistoryQuery(),
                .answer = HistorySchema(),
                .answer_example = ParsedJson(R"({"points": [{"time": "2026-11-28T20:15:00.001Z", "seconds": 60,
        "requests": 750, "per_second": 12.5, "p50_ms": 1.2, "p95_ms": 3.4, "p99_ms": 8.1, "errors": 0, "refused": 0,
        "texts": 740, "spam": 0, "ham": 0, "cache_hits": 180, "cache_misses": 560, "queued_texts": 0}]})"),
                .errors = {422}},
       .handle = Handler(service, HistoryResponse)});
  return routes;
}

}  // namespace winnow

#include "server/service.h"

#include <algorithm>

#include "server/data_service.h"
#include "server/operation_history.h"
#include "server/workspace_models.h"

namespace winnow {

void Service::Close() const {
  if (reviews) reviews->Close();
  if (workspace_models) workspace_models->Finish();
  if (operation) operation->Stop();
  if (jobs) jobs->Close();
  if (data) data->Close();
  explaining->Finish();
  if (filter) filter->Finish();
  if (registry) registry->Stop();
  models->Close();
}

std::vector<Route> ServiceRoutes(const SharedService& service) {
  std::vector<Route> routes;
  for (const auto& part : {ClassifyRoutes, ModelRoutes, HealthRoutes, TeiRoutes, TeiModelRoutes, OpenAiRoutes,
                           EmbeddingRoutes, V2Routes, SessionRoutes, EventRoutes, PageRoutes, OperationRoutes}) {
    for (Route& route : part(service)) routes.push_back(std::move(route));
  }
  if (service->jobs) {
    for (const auto& part : {JobRoutes, FineTuneRoutes, BenchmarkRoutes, WorkspaceModelRoutes}) {
      for (Route& route : part(service)) routes.push_back(std::move(route));
    }
  }
  if (service->data) {
    for (const auto& part : {DataRoutes, DataRowRoutes}) {
      for (Route& route : part(service)) routes.push_back(std::move(route));
    }
  }
  if (service->reviews) {
    for (Route& route : ReviewRoutes(service)) routes.push_back(std::move(route));
  }
  if (service->filter) {
    for (const auto& part : {MessageRoutes, RspamdRoutes, AppleRoutes, RuleRoutes, MustPassRoutes}) {
      for (Route& route : part(service)) routes.push_back(std::move(route));
    }
    if (service->filter->has_store()) {
      for (const auto& part : {FeedbackRoutes, UserRoutes, HistoryRoutes, ListRoutes}) {
        for (Route& route : part(service)) routes.push_back(std::move(route));
      }
    }
  }
  if (service->registry) {
    for (const auto& part : {RegistryRoutes, ExperimentRoutes}) {
      for (Route& route : part(service)) routes.push_back(std::move(route));
    }
  }
  for (Route& route : DocsRoutes(routes)) routes.push_back(std::move(route));
  return routes;
}

HttpHandler Handler(const SharedService& service, ServiceHandler handle) {
  return [service, handle](const SharedRequest& request, const HttpReply& reply) {
    const ApiResult<void> handled = handle(service, request, reply);
    if (!handled) reply(handled.error().Response());
  };
}

HttpHandler Handler(const SharedService& service, SimpleServiceHandler handle) {
  return [service, handle](const SharedRequest& request, const HttpReply& reply) {
    reply(ResponseOf(handle(*service, *request)));
  };
}

void UseModel(const Service& service, std::string_view spec, const HttpReply& reply,
              std::function<ApiResult<void>(const ModelSet::Model&)> then) {
  service.models->Use(spec, [reply, then = std::move(then)](const ApiResult<ModelSet::Model>& model) {
    const ApiResult<void> used = model ? then(*model) : std::unexpected(model.error());
    if (!used) reply(used.error().Response());
  });
}

HttpResponse WithDecisions(const ServedModel& model, std::span<const ClassifiedText> predictions,
                           HttpResponse response) {
  response.decisions = std::make_shared<const DecisionCounts>(model.Count(predictions));
  return response;
}

void SetOrigin(const Service& service, const HttpRequest& request, ServedModel::Request& texts) {
  texts.client = request.caller;
  texts.arrived = request.arrived;
  texts.waited = request.waited;
  texts.client_disconnected = request.client_disconnected;
  texts.max_tokens = service.limits.max_tokens;
  texts.max_windows = service.limits.max_windows;
  texts.defer = request.defer;
}

void ClassifyAndReply(const Service& service, const ModelSet::Model& model, const HttpRequest& request,
                      ServedModel::Request texts, const HttpReply& reply, ResponseMaker answer) {
  SetOrigin(service, request, texts);
  // The model lives as long as somebody waits for it.
  model->Classify(
      std::move(texts), [model, reply, answer = std::move(answer)](
                            const ApiResult<std::vector<ClassifiedText>>& results, const ServedTimes& times) {
        reply(results ? WithDecisions(*model, *results, answer(*results, times)) : results.error().Response());
      });
}

bool IsReady(const Service& service) {
  const auto models = service.models->List();
  return std::ranges::any_of(models, [](const ModelSet::Entry& entry) {
    return entry.is_default && (entry.model != nullptr || entry.state != ModelState::kFailed);
  });
}

namespace {

ApiResult<HttpResponse> Health(const Service&, const HttpRequest&) {
  return HttpResponse{.status = 200, .body = "{\"status\":\"ok\"}", .headers = {}};
}

ApiResult<HttpResponse> Ready(const Service& service, const HttpRequest& request) {
  if (IsReady(service)) return Health(service, request);
  if (service.registry && service.models->List().empty())
    return Reject(503, "Unavailable", "the server has no model of its registry yet; GET /models reports why");
  return Reject(503, "Unavailable", "the default model cannot be loaded; GET /models reports the error");
}

ApiResult<HttpResponse> Metrics(const Service& service, const HttpRequest&) {
  return HttpResponse{.status = 200,
                      .body = service.metrics ? service.metrics->Scrape() : "",
                      .content_type = "text/plain; version=0.0.4; charset=utf-8",
                      .headers = {}};
}

}  // namespace

std::vector<Route> HealthRoutes(const SharedService& service) {
  constexpr char kTag[] = "Health and metrics";
  const Json answer = {{"type", "object"},
                       {"required", {"status"}},
                       {"properties", {{"status", {{"const", "ok"}, {"description", "Always \"ok\""}}}}}};
  const Json example = {{"status", "ok"}};
  return {{.method = "GET",
           .path = "/health",
           .role = Role::kPublic,
           .docs = {.summary = "Reports whether the server is running",
                    .tag = kTag,
                    .answer = answer,
                    .answer_example = example},
           .handle = Handler(service, Health),
           .unlimited = true},
          {.method = "GET",
           .path = "/ready",
           .role = Role::kPublic,
           .docs = {.summary = "Reports whether the default model is ready",
                    .tag = kTag,
                    .answer = answer,
                    .answer_example = example,
                    .errors = {503}},
           .handle = Handler(service, Ready),
           .unlimited = true},
          {.method = "GET",
           .path = "/metrics",
           .role = Role::kClassify,
           .docs = {.summary = "Metrics in the Prometheus text format",
                    .tag = kTag,
                    .answer = {{"type", "string"}},
                    .answer_example = "# HELP winnow_requests_total Responses sent, by route and status\n"
                                      "# TYPE winnow_requests_total counter\n"
                                      "winnow_requests_total{route=\"/v1/classify\",status=\"200\"} 1\n",
                    .answer_types = {"text/plain"}},
           .handle = Handler(service, Metrics),
           .unlimited = true}};
}

}  // namespace winnow

#include "server/service.h"

#include <algorithm>

namespace winnow {

void Service::Close() const {
  explaining->Finish();
  models->Close();
}

std::vector<Route> ServiceRoutes(const SharedService& service) {
  std::vector<Route> routes;
  for (const auto& part : {ClassifyRoutes, TeiRoutes, TeiModelRoutes, V2Routes, ModelRoutes, HealthRoutes}) {
    for (Route& route : part(service)) routes.push_back(std::move(route));
  }
  for (Route& route : DocsRoutes(routes)) routes.push_back(std::move(route));
  return routes;
}

void ClassifyAndReply(const ModelSet::Model& model, const HttpRequest& request, ServedModel::Request texts,
                      const HttpReply& reply, AnswerMaker answer) {
  texts.client = request.caller;
  texts.arrived = request.arrived;
  texts.gone = request.gone;
  texts.later = request.later;
  // The model lives as long as somebody waits for it.
  model->Classify(std::move(texts),
                  [model, reply, answer = std::move(answer)](
                      const std::expected<std::vector<ClassifiedText>, Refusal>& results, const ServedTimes& times) {
                    reply(results ? answer(*results, times) : results.error().Response());
                  });
}

bool IsReady(const Service& service) {
  const auto models = service.models->List();
  return std::ranges::any_of(models, [](const ModelSet::Entry& entry) {
    return entry.is_default && (entry.model != nullptr || entry.state != ModelState::kFailed);
  });
}

std::vector<Route> HealthRoutes(const SharedService& service) {
  const Json answer = {{"type", "object"}, {"required", {"status"}}, {"properties", {{"status", {{"const", "ok"}}}}}};
  const auto ok = [](const SharedRequest&, const HttpReply& reply) {
    reply({.status = 200, .body = "{\"status\":\"ok\"}", .headers = {}});
  };
  return {{.method = "GET",
           .path = "/health",
           .docs = {.summary = "Whether the server runs", .tag = "Health", .answer = answer},
           .handle = ok},
          {.method = "GET",
           .path = "/ready",
           .docs = {.summary = "Whether the default model answers", .tag = "Health", .answer = answer, .errors = {503}},
           .handle =
               [service, ok](const SharedRequest& request, const HttpReply& reply) {
                 if (IsReady(*service)) return ok(request, reply);
                 reply(ErrorResponse(503, "Unavailable", "the default model can't be loaded; GET /models says why"));
               }},
          {.method = "GET",
           .path = "/metrics",
           .role = Role::kClassify,
           .docs = {.summary = "Figures for Prometheus, in its text format",
                    .tag = "Health",
                    .answer = {{"type", "string"}},
                    .answer_types = {"text/plain"}},
           .handle = [service](const SharedRequest&, const HttpReply& reply) {
             reply({.status = 200,
                    .body = service->metrics ? service->metrics->Scrape() : "",
                    .content_type = "text/plain; version=0.0.4; charset=utf-8",
                    .headers = {}});
           }}};
}

}  // namespace winnow

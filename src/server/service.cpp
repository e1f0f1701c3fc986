#include "server/service.h"

namespace winnow {

std::vector<Route> ServiceRoutes(const SharedService& service) {
  std::vector<Route> routes;
  for (const auto& part : {ClassifyRoutes, TeiRoutes, TeiModelRoutes, V2Routes, ModelRoutes, HealthRoutes}) {
    for (Route& route : part(service)) routes.push_back(std::move(route));
  }
  for (Route& route : DocsRoutes(routes)) routes.push_back(std::move(route));
  return routes;
}

void ClassifyAndReply(const ModelSet::Model& model, ServedModel::Request request, const HttpReply& reply,
                      std::function<HttpResponse(const std::vector<ClassifiedText>&)> answer) {
  // The model lives as long as somebody waits for it.
  const bool queued = model->Classify(
      std::move(request), [model, reply, answer = std::move(answer)](Result<std::vector<ClassifiedText>> results) {
        if (results) return reply(answer(*results));
        const bool late = results.error().code == ErrorCode::kCancelled;
        reply(ErrorResponse(late ? 503 : 500, late ? "Timeout" : "Internal", results.error().message));
      });
  if (queued) return;
  HttpResponse refused = ErrorResponse(429, "Overloaded", "too many texts are waiting");
  refused.headers.emplace_back("Retry-After", std::to_string(model->RetryAfterSeconds()));
  reply(std::move(refused));
}

std::vector<Route> HealthRoutes(const SharedService& service) {
  const nlohmann::ordered_json answer = {
      {"type", "object"}, {"required", {"status"}}, {"properties", {{"status", {{"const", "ok"}}}}}};
  const auto ok = [](const SharedRequest&, const HttpReply& reply) {
    reply({.status = 200, .body = "{\"status\":\"ok\"}", .headers = {}});
  };
  return {{.method = "GET",
           .path = "/health",
           .docs = {.summary = "Whether the server runs", .tag = "Health", .answer = answer},
           .handle = ok},
          {.method = "GET",
           .path = "/ready",
           .docs = {.summary = "Whether it answers", .tag = "Health", .answer = answer},
           .handle = ok},
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

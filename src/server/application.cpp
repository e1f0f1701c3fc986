#include "server/application.h"

#include <algorithm>
#include <chrono>

#include "server/foreign_routes.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kAllowedHeaders[] = "Authorization, X-API-Key, Content-Type, X-Request-Id, Idempotency-Key, traceparent";

/// What a page of this origin is told (https://fetch.spec.whatwg.org/#http-cors-protocol); nothing where it may not.
std::string AllowedOrigin(const ApplicationParts& parts, std::string_view origin) {
  if (origin.empty()) return "";
  for (const std::string& allowed : parts.cors_origins) {
    if (allowed == "*" || allowed == origin) return allowed;
  }
  return "";
}

void AddCors(const ApplicationParts& parts, std::string_view origin, HttpResponse& response) {
  if (parts.cors_origins.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const std::string allowed = AllowedOrigin(parts, origin);
  if (allowed.empty()) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", allowed);
  response.headers.emplace_back("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
}

HttpResponse Options(const ApplicationParts& parts, const HttpRequest& request, const std::string& methods) {
  HttpResponse response = {.status = 204, .body = "", .headers = {{"Allow", methods + ", OPTIONS"}}};
  if (!request.Header("access-control-request-method").empty() &&
      !AllowedOrigin(parts, request.Header("origin")).empty()) {
    response.headers.emplace_back("Access-Control-Allow-Methods", methods);
    response.headers.emplace_back("Access-Control-Allow-Headers", kAllowedHeaders);
    response.headers.emplace_back("Access-Control-Max-Age", "600");
  }
  return response;
}

void Handle(const std::shared_ptr<const ApplicationParts>& parts, const std::shared_ptr<HttpRequest>& request,
            const HttpReply& send) {
  if (!parts->proxies.empty()) {
    request->client = parts->proxies.ClientOf(request->client, request->headers);
    request->caller = request->client;  // until Access knows better
  }
  RouteMatch match = parts->routes->Find(request->method, request->path);
  const Route* const route = match.route;
  const HttpReply reply = [parts, request, route, send](HttpResponse response) {
    AddCors(*parts, request->Header("origin"), response);
    const double seconds = std::chrono::duration<double>(Clock::now() - request->arrived).count();
    const std::string_view path = route == nullptr ? std::string_view() : std::string_view(route->path);
    if (parts->metrics) parts->metrics->Answered(path, response.status, seconds);
    if (parts->log) parts->log->Write(*request, path, response, seconds);
    send(std::move(response));
  };
  if (route == nullptr && match.allowed.empty()) {
    return reply(ErrorResponse(
        404, "NotFound", PointerFrom(request->path).value_or("no route has this path; GET /docs lists all routes")));
  }
  if (route == nullptr && request->method == "OPTIONS") return reply(Options(*parts, *request, match.allowed));
  if (route == nullptr) {
    HttpResponse response = ErrorResponse(
        405, "MethodNotAllowed", "this path does not support the method of the request; supported: " + match.allowed);
    response.headers.emplace_back("Allow", match.allowed);
    return reply(std::move(response));
  }
  if (parts->access) {
    AccessDecision decision = parts->access->Decide({.role = route->role,
                                                     .authorization = request->Header("authorization"),
                                                     .x_api_key = request->Header("x-api-key"),
                                                     .client = request->client,
                                                     .host = request->Header("host"),
                                                     .origin = request->Header("origin")});
    request->key = std::move(decision.key);
    request->caller = std::move(decision.turn);
    if (decision.refusal) return reply(decision.refusal->Response());
  }
  request->parameters = std::move(match.parameters);
  route->handle(request, reply);
}

}  // namespace

HttpApplication MakeApplication(ApplicationParts parts) {
  return [shared = std::make_shared<const ApplicationParts>(std::move(parts))](
             const std::shared_ptr<HttpRequest>& request, const HttpReply& send) { Handle(shared, request, send); };
}

}  // namespace winnow

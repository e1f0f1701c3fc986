#include "server/application.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "base/stopwatch.h"
#include "server/absent_routes.h"
#include "server/api_error.h"
#include "server/foreign_routes.h"
#include "server/header_values.h"
#include "server/openai_error.h"
#include "server/site.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kAllowedHeaders[] =
    "Authorization, X-API-Key, Content-Type, Content-Encoding, Cache-Control, If-Match, Inference-Header-Content-Length, "
    "Last-Event-ID, X-Request-Id, Idempotency-Key, traceparent";

constexpr char kExposedHeaders[] = "X-Request-Id, Retry-After, ETag, Inference-Header-Content-Length";

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
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposedHeaders);
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

/// The refusal of a request under a name that is not this server's.
std::optional<ApiError> HostError(const ApplicationParts& parts, const HttpRequest& request) {
  // No browser reaches unix sockets, and what stands in Host there is up to the client.
  if (request.client.starts_with("unix")) return std::nullopt;
  const std::optional<HostName> host = ParseHost(request.Header("host"));
  if (host && parts.hosts.Allows(*host)) return std::nullopt;
  return ApiError{.status = 403,
                  .type = "Forbidden",
                  .message =
                      "this server does not answer under the host name of the request; start it with "
                      "--allowed-host NAME to allow the name"};
}

/// A route that everybody may use is asked before any key is checked, and without a limit: its body must be small, have
/// a length, and not be compressed. The only one that reads a body is the sign-in.
std::optional<ApiError> PublicBodyError(const HttpRequest& request) {
  constexpr uint64_t kMostBytes = 4096;
  if (request.route->role != Role::kPublic) return std::nullopt;
  const std::string_view length = request.Header("content-length");
  const bool chunked = !request.Header("transfer-encoding").empty();
  if (!chunked && (length.empty() || length == "0")) return std::nullopt;
  const std::string_view encoding = request.Header("content-encoding");
  if (!encoding.empty() && encoding != "identity") {
    return ApiError{.status = 415, .message = "the body of a request to this route must not be compressed"};
  }
  const std::optional<uint64_t> bytes = ParseNumber<uint64_t>(length);
  if (!chunked && bytes && *bytes <= kMostBytes) return std::nullopt;
  return ApiError{.status = 413,
                  .type = "TooLarge",
                  .message = "the body of a request to this route must have a Content-Length of at most 4096 bytes"};
}

/// Returns true if a browser sent the request for a page of another site, which is not one of the allowed origins.
/// Pages of this server, such as /docs, name the server itself in Origin.
bool IsOfAnotherSite(const ApplicationParts& parts, const HttpRequest& request) {
  const std::string_view origin = request.Header("origin");
  if (!AllowedOrigin(parts, origin).empty()) return false;
  return SiteOf(origin, request.Header("sec-fetch-site"), request.Header("host")) == Site::kOther;
}

/// Returns true if the request may change something. A browser may send a GET without its user's will: for a picture of
/// another site's page, or for a link.
bool Changes(const HttpRequest& request) {
  return (request.method != "GET" && request.method != "HEAD") || request.route->starts_work;
}

bool IsJsonType(std::string_view type) {
  return EqualsIgnoringCase(type, "application/json") || EqualsIgnoringCase(type, "text/json") ||
         (type.size() > 5 && EqualsIgnoringCase(type.substr(type.size() - 5), "+json"));
}

/// The refusal of a body that may come from an HTML form, which a browser sends without asking the server first. A
/// client that is not a browser may leave the type out, or send the one that curl -d and Python's urllib choose.
std::optional<ApiError> ContentTypeError(const HttpRequest& request) {
  if (request.route->any_content_type) return std::nullopt;
  const std::string_view length = request.Header("content-length");
  if ((length.empty() || length == "0") && request.Header("transfer-encoding").empty()) return std::nullopt;
  const std::string_view header = request.Header("content-type");
  const std::string_view type = TrimmedValue(header.substr(0, header.find(';')));
  if (IsJsonType(type) || EqualsIgnoringCase(type, "application/octet-stream")) return std::nullopt;
  const bool browser = !request.Header("origin").empty() || !request.Header("sec-fetch-site").empty();
  const bool unspecified = type.empty() || EqualsIgnoringCase(type, "application/x-www-form-urlencoded");
  if (unspecified && !browser) return std::nullopt;
  return ApiError{.status = 415, .message = "the Content-Type of the request must be application/json"};
}

class Application : public HttpApplication, public std::enable_shared_from_this<Application> {
 public:
  explicit Application(ApplicationParts parts) : parts_(std::move(parts)) {}

  std::optional<HttpResponse> Admit(HttpRequest& request) override {
    FindClient(request);
    std::optional<HttpResponse> refusal = Refusal(request);
    if (refusal) Finish(request, *refusal);
    return refusal;
  }

  void Complete(HttpRequest& request, HttpResponse& response) const override {
    if (request.route == nullptr) {
      FindClient(request);
      request.route = parts_.routes->Find(request.method, request.path).route;
    }
    Finish(request, response);
  }

  void Handle(const std::shared_ptr<HttpRequest>& request, const HttpReply& send) override {
    request->route->handle(request, [self = shared_from_this(), request, send](HttpResponse response) {
      self->Finish(*request, response);
      send(std::move(response));
    });
  }

 private:
  /// Sets the client behind a proxy, who is the caller until Access knows better.
  void FindClient(HttpRequest& request) const {
    if (parts_.proxies.empty()) return;
    request.client = parts_.proxies.ClientOf(request.client, request.headers);
    request.caller = request.client;
  }

  std::optional<HttpResponse> Refusal(HttpRequest& request) const {
    if (const auto error = HostError(parts_, request)) return error->Response();
    RouteMatch match = parts_.routes->Find(request.method, request.path);
    request.route = match.route;
    request.parameters = std::move(match.parameters);
    if (match.route == nullptr) return NoRoute(request, match.allowed);
    // Monitors and link checkers send HEAD.
    if (request.route->starts_work && request.method == "HEAD") {
      HttpResponse response =
          ErrorResponse(405, "MethodNotAllowed", "this route starts work, so it supports GET alone");
      response.headers.emplace_back("Allow", request.route->method);
      return response;
    }
    if (request.route->starts_work && request.Header("sec-fetch-mode") == "navigate") {
      return ErrorResponse(403, "Forbidden",
                           "this route starts work, so a link to it is refused; use the web page at /ui");
    }
    if (Changes(request) && IsOfAnotherSite(parts_, request)) {
      return ErrorResponse(403, "Forbidden",
                           "requests from web pages of other sites are refused; start the server with --cors-origin "
                           "ORIGIN to allow those of a site");
    }
    auto refusal = AccessRefusal(request);
    if (request.route->key_in_path) {
      request.parameters.front().clear();
      request.path = request.route->path;
    }
    if (refusal) return refusal;
    if (const auto error = PublicBodyError(request)) return error->Response();
    if (const auto error = ContentTypeError(request)) return error->Response();
    return std::nullopt;
  }

  HttpResponse NoRoute(const HttpRequest& request, const std::string& allowed) const {
    if (allowed.empty()) {
      std::optional<std::string> why = PointerFrom(request.path);
      if (!why) why = MissingOptions(*parts_.routes, request.path);
      return ErrorResponse(404, "NotFound", why.value_or("no route has this path; GET /docs lists all routes"));
    }
    if (request.method == "OPTIONS") return Options(parts_, request, allowed);
    // A pattern may match a path of another API, such as /v1/models/{model}; a route of exactly this path is our own.
    const bool own =
        std::ranges::find(parts_.routes->routes(), request.path, &Route::path) != parts_.routes->routes().end();
    const std::optional<std::string> pointer = own ? std::nullopt : PointerFrom(request.path);
    HttpResponse response =
        ErrorResponse(405, "MethodNotAllowed",
                      "this path does not support the method of the request; supported: " + allowed +
                          (pointer ? "; " + *pointer : ""));
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  std::optional<HttpResponse> AccessRefusal(HttpRequest& request) const {
    if (!parts_.access) return std::nullopt;
    const Route& route = *request.route;
    std::string_view key = request.Header("x-api-key");
    if (key.empty() && !route.key_header.empty()) key = request.Header(LowerAscii(route.key_header));
    if (route.key_in_path) key = request.parameters.front();
    AccessDecision decision = parts_.access->Decide({.role = route.role,
                                                     .authorization = request.Header("authorization"),
                                                     .x_api_key = key,
                                                     .client = request.client,
                                                     .forwarded = request.WasForwarded(),
                                                     .host = request.Header("host"),
                                                     .origin = request.Header("origin"),
                                                     .sec_fetch_site = request.Header("sec-fetch-site"),
                                                     .cookie = request.Header("cookie"),
                                                     .changes = Changes(request),
                                                     .unlimited = route.unlimited});
    request.key = std::move(decision.key);
    request.role = decision.role;
    request.caller = std::move(decision.turn);
    if (!decision.refusal) return std::nullopt;
    const bool without_key = key.empty() && request.Header("authorization").empty();
    if (decision.refusal->status == 401 && without_key && !route.key_header.empty()) {
      decision.refusal->message += ", or on this route '" + route.key_header + ": KEY'";
    }
    return decision.refusal->Response();
  }

  /// Completes a response, and records it.
  void Finish(const HttpRequest& request, HttpResponse& response) const {
    FitErrorForm(request.route, response);
    AddCors(parts_, request.Header("origin"), response);
    const double seconds = SecondsSince(request.arrived);
    const std::string_view path = request.route == nullptr ? std::string_view() : std::string_view(request.route->path);
    if (parts_.metrics) parts_.metrics->Answered(path, response.status, seconds);
    if (parts_.log) parts_.log->Write(request, path, response, seconds);
  }

  const ApplicationParts parts_;
};

}  // namespace

std::shared_ptr<HttpApplication> MakeApplication(ApplicationParts parts) {
  return std::make_shared<Application>(std::move(parts));
}

}  // namespace winnow

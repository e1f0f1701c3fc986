#include <algorithm>

#include "server/service.h"
#include "server/session.h"

namespace winnow {
namespace {

constexpr char kSessionTag[] = "Session";

const Json& SignInSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["key"], "properties": {
      "key": {"type": "string", "minLength": 1, "description": "An API key, as 'winnow keys add' prints it"}}})");
  return schema;
}

/// Whether the browser reached the server by HTTPS, perhaps at a proxy in front of it.
bool IsSecure(const Service& service, const HttpRequest& request) {
  return service.tls || request.Header("origin").starts_with("https://");
}

AccessRequest Asking(const HttpRequest& request) {
  return {.role = Role::kPublic,
          .authorization = request.Header("authorization"),
          .x_api_key = request.Header("x-api-key"),
          .client = request.client,
          .forwarded = request.WasForwarded(),
          .host = request.Header("host"),
          .origin = request.Header("origin"),
          .sec_fetch_site = request.Header("sec-fetch-site"),
          .cookie = request.Header("cookie"),
          .changes = false};
}

ApiResult<HttpResponse> SignIn(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, SignInSchema()));
  const std::string key = TRY(StringOr(body, "key", ""));
  if (key.empty()) return Reject("'key' must be an API key");
  const SignedIn session = TRY(service.access->SignIn(key, request.client));
  HttpResponse response = JsonResponse({{"name", session.name}, {"role", RoleName(session.role)}});
  response.headers.emplace_back("Set-Cookie", SetSessionCookie(session.cookie, IsSecure(service, request)));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

ApiResult<HttpResponse> WhoIs(const Service& service, const HttpRequest& request) {
  const AccessDecision client = service.access->WhoIs(Asking(request));
  if (client.refusal) return std::unexpected(*client.refusal);
  HttpResponse response = JsonResponse({{"keys_required", service.access->requires_keys()},
                                        {"signed_in", !client.key.empty()},
                                        {"name", client.key.empty() ? Json() : Json(client.key)},
                                        {"role", RoleName(client.role)},
                                        {"workspace", service.jobs != nullptr},
                                        {"store", service.filter != nullptr && service.filter->has_store()},
                                        {"registry", service.registry != nullptr},
                                        {"filter", service.filter != nullptr},
                                        {"version", WINNOW_VERSION}});
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

ApiResult<HttpResponse> SignOut(const Service& service, const HttpRequest& request) {
  return HttpResponse{
      .status = 204,
      .body = "",
      .headers = {{"Set-Cookie", SetSessionCookie("", IsSecure(service, request))}, {"Cache-Control", "no-store"}}};
}

Json StateSchema() {
  return ParsedJson(R"({"type": "object",
    "required": ["keys_required", "signed_in", "name", "role", "workspace", "store", "registry", "filter", "version"],
    "properties": {
      "keys_required": {"type": "boolean", "description": "Whether the server has API keys"},
      "signed_in": {"type": "boolean", "description": "Whether the request has a valid session or key"},
      "name": {"type": ["string", "null"], "description": "Name of the key"},
      "role": {"enum": ["public", "classify", "feedback", "admin"], "description": "What this client may do now"},
      "workspace": {"type": "boolean", "description": "Whether the server trains models at /v1/jobs"},
      "store": {"type": "boolean", "description": "Whether it keeps feedback, preferences and history"},
      "registry": {"type": "boolean", "description": "Whether it follows a registry"},
      "filter": {"type": "boolean", "description": "Whether it filters messages"},
      "version": {
  "type" : "string", "description" : "Version of the server"
}
}
})");
}

}  // namespace

std::vector<Route> SessionRoutes(const SharedService& service) {
  constexpr char kPath[] = "/v1/session";
  const Json answer = ParsedJson(R"({"type": "object", "required": ["name", "role"], "properties": {
    "name": {"type": "string", "description": "Name of the key"},
    "role": {"enum": ["classify", "feedback", "admin"], "description": "Role of the key"}}})");
  return {
      {.method = "POST",
       .path = kPath,
       .role = Role::kPublic,
       .docs = {.summary = "Signs a browser in",
                .description = "The response sets a cookie, which counts as the key for 30 days, in requests of this "
                               "server's own pages. A key that is removed or replaced ends its sessions.",
                .tag = kSessionTag,
                .request = SignInSchema(),
                .answer = answer,
                .example = {{"key", "wk_..."}},
                .answer_example = {{"name", "anna"}, {"role", "admin"}},
                .errors = {400, 401, 403, 409, 422, 429}},
       .handle = Handler(service, SignIn)},
      {.method = "GET",
       .path = kPath,
       .role = Role::kPublic,
       .docs = {.summary = "Returns what this client may do, and what the server has",
                .tag = kSessionTag,
                .answer = StateSchema(),
                .answer_example =
                    ParsedJson(R"({"keys_required": true, "signed_in": true, "name": "anna", "role": "admin",
                      "workspace": true, "store": true, "registry": false, "filter": false, "version": "0.1.0"})"),
                .errors = {429}},
       .handle = Handler(service, WhoIs)},
      {.method = "DELETE",
       .path = kPath,
       .role = Role::kPublic,
       .docs =
           {.summary = "Signs a browser out", .tag = kSessionTag, .errors = {403}, .answer_types = {}, .status = 204},
       .handle = Handler(service, SignOut)}};
}

}  // namespace winnow

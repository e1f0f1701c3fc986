#include <memory>

#include "server/json_request.h"
#include "server/openapi.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kTag[] = "Documentation";
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

Route Page(const char* path, const char* type, const char* summary) {
  return {.method = "GET",
          .path = path,
          .role = Role::kPublic,
          .docs = {.summary = summary, .tag = kTag, .answer_types = {type}}};
}

/// The same bytes for everyone.
HttpHandler Always(std::string body, const std::string& type) {
  const auto shared = std::make_shared<const std::string>(std::move(body));
  const std::string with_charset = type == "application/json" ? type : type + "; charset=utf-8";
  return [shared, with_charset](const SharedRequest&, const HttpReply& reply) {
    reply({.body = *shared,
           .content_type = with_charset,
           .headers = {{"Content-Security-Policy", kPolicy}, {"Cache-Control", "no-cache"}}});
  };
}

}  // namespace

std::vector<Route> DocsRoutes(const std::vector<Route>& others) {
  std::vector<Route> routes = {Page("/docs", "text/html", "This page: the documentation of all routes"),
                               Page("/docs/docs.css", "text/css", "Style sheet of the page"),
                               Page("/docs/docs.js", "text/javascript", "Script of the page"),
                               Page("/openapi.json", "application/json", "This API as an OpenAPI 3.1 document")};
  routes.back().docs.answer = {{"type", "object"}};
  std::vector<Route> all = others;
  all.insert(all.end(), routes.begin(), routes.end());
  std::string bodies[] = {DocsPage(all), kDocsStyle, kDocsScript, OpenApi(all).dump()};
  for (size_t i = 0; i < routes.size(); ++i) {
    routes[i].handle = Always(std::move(bodies[i]), routes[i].docs.answer_types.front());
  }
  return routes;
}

}  // namespace winnow

#include <memory>

#include "server/json_request.h"
#include "server/openapi.h"
#include "server/page_files.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kDocsTag[] = "Documentation";
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

Route Page(const char* path, const char* type, const char* summary) {
  return {.method = "GET",
          .path = path,
          .role = Role::kPublic,
          .docs = {.summary = summary, .tag = kDocsTag, .answer_types = {type}}};
}

/// Relative, so that it is right behind a proxy that adds a prefix to the path.
void RedirectTo(const char* relative, const HttpReply& reply) {
  reply({.status = 302, .body = "", .content_type = "text/plain", .headers = {{"Location", relative}}});
}

/// Returns the route that leads a browser from the server's address to the web page, and programs, or everybody where
/// there is no page, to /docs. POST / classifies (routes_tei.cpp).
Route Home() {
  return {
      .method = "GET",
      .path = "/",
      .role = Role::kPublic,
      .docs = {.summary = "Redirects a browser to the web page, and programs to /docs", .tag = kDocsTag, .status = 302},
      .handle = [page = PageFiles::OfEnvironment().any()](const SharedRequest& request, const HttpReply& reply) {
        const bool browser = request->Header("accept").find("text/html") != std::string_view::npos;
        RedirectTo(page && browser ? "ui/" : "docs", reply);
      }};
}

/// The page names its other files relative to /docs, and would not find them from /docs/.
HttpHandler RedirectedFromSlash(HttpHandler page) {
  return [page = std::move(page)](const SharedRequest& request, const HttpReply& reply) {
    if (request->path.ends_with('/')) return RedirectTo("../docs", reply);
    page(request, reply);
  };
}

/// Returns a handler that responds to every request with `body`.
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
  all.push_back(Home());
  std::string bodies[] = {DocsPage(all), kDocsStyle, kDocsScript, OpenApi(all).dump()};
  for (size_t i = 0; i < routes.size(); ++i) {
    routes[i].handle = Always(std::move(bodies[i]), routes[i].docs.answer_types.front());
  }
  routes[0].handle = RedirectedFromSlash(std::move(routes[0].handle));
  routes.push_back(Home());
  return routes;
}

}  // namespace winnow

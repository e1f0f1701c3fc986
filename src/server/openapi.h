/// The routes, described: as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0) for programs, and as a page for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/http.h"

namespace winnow {

/// What it says of each route is what the route's docs say, and what all of a kind have in common: errors of requests
/// with a body, and of those that may need a key.
Json OpenApi(const std::vector<Route>& routes);

/// The statuses besides 200 that the route may answer, ascending.
std::vector<int> ErrorsOf(const Route& route);
/// What such a status means, in a few words.
std::string_view MeaningOf(int status);
/// "post_v1_classify": what the route is called in links and generated clients.
std::string OperationId(const Route& route);
/// The names in braces, in order.
std::vector<std::string> ParametersOf(const Route& route);

/// A page that lists the routes, with forms to try them: it loads docs/docs.css and docs/docs.js from this server and
/// nothing from elsewhere, and holds no script.
std::string DocsPage(const std::vector<Route>& routes);
extern const char kDocsStyle[];
extern const char kDocsScript[];

}  // namespace winnow

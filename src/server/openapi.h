/// Descriptions of the routes: as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0) for programs, and as a page for
/// people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/http.h"

namespace winnow {

/// Returns the OpenAPI document. The description of a route consists of the route's docs and of the properties that all
/// routes of a kind share: the errors of requests with a body, and of requests that may need a key.
Json OpenApi(const std::vector<Route>& routes);

/// Returns the statuses besides 200 that the route may respond with, ascending.
std::vector<int> ErrorsOf(const Route& route);
/// Returns the meaning of a status in a few words.
std::string_view MeaningOf(int status);
/// Returns the identifier of the route in links and generated clients: "post_v1_classify".
std::string OperationId(const Route& route);
/// Returns the names in braces in the route's path, in order.
std::vector<std::string> ParametersOf(const Route& route);

/// Returns a page that lists the routes, with forms to try them. The page loads docs/docs.css and docs/docs.js from
/// this server and nothing from elsewhere, and contains no script.
std::string DocsPage(const std::vector<Route>& routes);
extern const char kDocsStyle[];
extern const char kDocsScript[];

}  // namespace winnow

/// What the routes of reviews have in common.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/api_error.h"
#include "server/http.h"
#include "server/role.h"
#include "server/service.h"

namespace winnow {

/// A handler of a route of reviews. It may wait for a review, and runs on a thread of ReviewService::tasks.
using ReviewHandler = ApiResult<HttpResponse> (*)(const Service&, const HttpRequest&);

/// Returns a route below /v1/review with the errors 404, 422 and 503; 429 if too many requests wait for a thread.
Route ReviewRoute(const SharedService& service, Role role, std::string method, std::string path, std::string summary,
                  ReviewHandler handle);

/// Returns the error of a review for a client: 503 for kIo, 409 for kExists, otherwise 422.
ApiError ReviewError(const Error& error);

/// Returns the routes by which people label: next, label, undo, groups.
std::vector<Route> LabellingRoutes(const SharedService& service);

}  // namespace winnow

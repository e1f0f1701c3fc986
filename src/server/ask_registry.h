/// What the routes of a server that follows a registry share.
#pragma once

#include <functional>
#include <string>

#include "server/service.h"

namespace winnow {

/// Returns the error of a registry for a client: 404, 409 "Conflict", 422, otherwise 503.
ApiError RegistryError(const Error& error);

/// Runs a task on a thread that may wait for the registry; replies with its result, or with 429 if too many tasks wait.
void AskRegistry(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                 std::function<ApiResult<HttpResponse>(Registry&)> task);

/// Returns who changes the registry on behalf of a request.
std::string RegistryActor(const HttpRequest& request);

/// Records a change of a model of the registry in the audit log of the filter's store, unless that is the store of the
/// registry, which has an entry already.
void AuditRegistry(const Service& service, const HttpRequest& request, Registry& registry, std::string action,
                   const std::string& model, const Json& detail);

}  // namespace winnow

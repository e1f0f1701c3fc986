/// Fields that requests to the filter's routes share.
#pragma once

#include <string>

#include "base/json.h"
#include "server/api_error.h"
#include "server/http.h"
#include "store/records.h"

namespace winnow {

/// Checks that a value, which messages call `name`, can be a name in the store: without zero bytes, at most 1,024
/// bytes. Errors: 422.
ApiResult<void> CheckName(const std::string& value, const char* name);
/// Returns an optional string that is a name in the store; empty if it is absent. Errors: 422.
ApiResult<std::string> NameOr(const Json& object, const char* name);
/// Returns a parameter of the path that is such a name. Errors: 422.
ApiResult<std::string> NameInPath(const HttpRequest& request, size_t parameter, const char* name);

/// Returns the error of a store for a client: 409 "Conflict" for a key of another event, 422 for a record that cannot
/// be stored, otherwise 503 "Unavailable".
ApiError StoreError(const Error& error);

/// Returns the entry of the audit log for a change by the client of a request.
AuditEntry AuditOf(const HttpRequest& request, std::string action, std::string subject, const Json& details);

}  // namespace winnow

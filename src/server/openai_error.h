/// Errors in the form of OpenAI's API, which its clients read: https://platform.openai.com/docs/guides/error-codes.
#pragma once

#include <string_view>

#include "base/json.h"
#include "server/http.h"

namespace winnow {

/// Returns {"error": {"message", "type", "param", "code"}} for an error of this server. `param` is the field that the
/// message begins with in quotes, or "model" for a name that no model has; otherwise null.
Json OpenAiError(int status, std::string_view error_type, std::string_view message);

/// Gives a response that reports an error the form of the errors of its route. Responses that have it already, and
/// responses without an error, stay.
void FitErrorForm(const Route* route, HttpResponse& response);

}  // namespace winnow

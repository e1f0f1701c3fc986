/// Why the API does not answer a request. One type for all causes: bytes that are not HTTP, an invalid field, a missing
/// key, a full queue, a model that failed.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http.h"
#include "winnow/error.h"

namespace winnow {

/// An error of the API, sent as {"error": message, "error_type": type}. The message never contains a text or an API
/// key.
struct ApiError {
  int status = 422;
  std::string type = "Validation";
  std::string message = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< such as Retry-After and WWW-Authenticate

  HttpResponse Response() const;
  /// Returns the value of the header of exactly that name; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

template <typename T>
using ApiResult = std::expected<T, ApiError>;

/// Returns the response, or the response that reports the error.
HttpResponse ResponseOf(ApiResult<HttpResponse> result);

/// Returns an error of status 422 and type "Validation": `return Reject("'top_k' must be a whole number");`
std::unexpected<ApiError> Reject(std::string message);

/// Returns any error: `return Reject(413, "TooLarge", "the body is too large");`
std::unexpected<ApiError> Reject(int status, std::string type, std::string message);

/// Returns an error of status 429 with the header Retry-After.
ApiError TooManyRequests(std::string type, std::string message, std::chrono::seconds retry_after);

/// Returns the API error for an error that occurred while a request was computed: 503 "Timeout" for kCancelled, which
/// means that the deadline has passed or the client has disconnected; 503 "Unavailable" for kIo: computing reads no
/// files but those that are mapped of the model (base/mapped_memory.h); 500 "Internal" for all others.
ApiError ToApiError(const Error& error);

}  // namespace winnow

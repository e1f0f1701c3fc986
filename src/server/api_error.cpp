#include "server/api_error.h"

namespace winnow {

HttpResponse ApiError::Response() const {
  HttpResponse response = ErrorResponse(status, type, message);
  response.headers.insert(response.headers.end(), headers.begin(), headers.end());
  return response;
}

std::string_view ApiError::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

HttpResponse ResponseOf(ApiResult<HttpResponse> result) {
  return result ? *std::move(result) : result.error().Response();
}

std::unexpected<ApiError> Reject(std::string message) { return Reject(422, "Validation", std::move(message)); }

std::unexpected<ApiError> Reject(int status, std::string type, std::string message) {
  return std::unexpected(ApiError{.status = status, .type = std::move(type), .message = std::move(message)});
}

ApiError TooManyRequests(std::string type, std::string message, std::chrono::seconds retry_after) {
  return {.status = 429,
          .type = std::move(type),
          .message = std::move(message),
          .headers = {{"Retry-After", std::to_string(retry_after.count())}}};
}

ApiError ToApiError(const Error& error) {
  if (error.code == ErrorCode::kCancelled) return {.status = 503, .type = "Timeout", .message = error.message};
  if (error.code == ErrorCode::kIo) {
    return {.status = 503,
            .type = "Unavailable",
            .message =
                "a file of the model was truncated or overwritten while it was in use; the server has to load the "
                "model again (SIGHUP)"};
  }
  return {.status = 500, .type = "Internal", .message = error.message};
}

}  // namespace winnow

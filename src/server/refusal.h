/// Why a request got no answer.
#pragma once

#include <string>

#include "server/http.h"

namespace winnow {

/// No message holds what a text says.
struct Refusal {
  int status = 422;
  std::string type = "Validation";
  std::string message;
  int retry_after_seconds = 0;  ///< 0: not told

  HttpResponse Response() const {
    HttpResponse response = ErrorResponse(status, type, message);
    if (retry_after_seconds > 0) response.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
    return response;
  }
};

}  // namespace winnow

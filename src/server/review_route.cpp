#include "server/review_route.h"

#include <chrono>
#include <utility>

#include "server/review_service.h"

namespace winnow {
namespace {

/// Has a handler run on a thread of the reviews.
HttpHandler OnReviewThread(const SharedService& service, ReviewHandler handle) {
  return [service, handle](const SharedRequest& request, const HttpReply& reply) {
    const bool posted = service->reviews->tasks().Post(
        request->caller, [service, handle, request, reply] { reply(ResponseOf(handle(*service, *request))); });
    if (!posted) {
      reply(
          TooManyRequests("Overloaded", "too many requests wait for the reviews", std::chrono::seconds(1)).Response());
    }
  };
}

}  // namespace

Route ReviewRoute(const SharedService& service, Role role, std::string method, std::string path, std::string summary,
                  ReviewHandler handle) {
  return {.method = std::move(method),
          .path = std::move(path),
          .role = role,
          .docs = {.summary = std::move(summary), .tag = "Review", .errors = {404, 422, 503}},
          .handle = OnReviewThread(service, handle)};
}

ApiError ReviewError(const Error& error) {
  if (error.code == ErrorCode::kIo) return {.status = 503, .type = "Unavailable", .message = error.message};
  if (error.code == ErrorCode::kExists) return {.status = 409, .type = "Conflict", .message = error.message};
  if (error.code == ErrorCode::kCancelled) return {.status = 404, .type = "NotFound", .message = error.message};
  return {.status = 422, .type = "Validation", .message = error.message};
}

}  // namespace winnow

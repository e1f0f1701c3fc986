#include "server/ask_store.h"

#include <utility>

#include "store/store_deadline.h"

namespace winnow {

void AskStoreFor(std::chrono::seconds patience, const SharedService& service, const SharedRequest& request,
                 const HttpReply& reply, std::function<ApiResult<HttpResponse>()> task) {
  const bool posted = service->filter->calls().Post(
      request->caller, [reply, until = StoreDeadline::Clock::now() + patience, task = std::move(task)] {
        const StoreDeadline deadline(until);
        reply(ResponseOf(task()));
      });
  if (posted) return;
  reply(TooManyRequests("Overloaded", "too many requests wait for the store", std::chrono::seconds(1)).Response());
}

void AskStore(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
              std::function<ApiResult<HttpResponse>()> task) {
  AskStoreFor(kStorePatience, service, request, reply, std::move(task));
}

ApiError OutOfReach(std::string message) {
  return {.status = 503,
          .type = "Unavailable",
          .message = std::move(message),
          .headers = {{"Retry-After", std::to_string(kStorePatience.count())}}};
}

}  // namespace winnow

/// Requests that wait for the store: how long, and what their clients get if it does not answer.
#pragma once

#include <chrono>
#include <functional>

#include "server/service.h"

namespace winnow {

/// How long a request waits for the store, from its arrival; a search of the texts of the history; what reads much of
/// the history; and feedback, which has time limits of its own for each step, and goes to the spool if one has passed.
inline constexpr std::chrono::seconds kStorePatience(5), kSearchPatience(10), kHistoryPatience(30),
    kFeedbackPatience(30);

/// As AskStore (server/service.h), which has kStorePatience. When it has passed, calls of the store in `task` fail
/// (store/store_deadline.h), also if the task has waited for a thread until then.
void AskStoreFor(std::chrono::seconds patience, const SharedService& service, const SharedRequest& request,
                 const HttpReply& reply, std::function<ApiResult<HttpResponse>()> task);

/// Returns an error of status 503 with the header Retry-After.
ApiError OutOfReach(std::string message);

}  // namespace winnow

#include "server/file_tasks.h"

#include "server/workspace_models.h"

namespace winnow {

HttpHandler OnFiles(const SharedService& service, SimpleServiceHandler handle) {
  return [service, handle](const SharedRequest& request, const HttpReply& reply) {
    const bool posted = service->workspace_models->tasks().Post(
        request->caller, [service, request, reply, handle] { reply(ResponseOf(handle(*service, *request))); });
    if (posted) return;
    reply(TooManyRequests("Overloaded", "too many requests wait for files", std::chrono::seconds(1)).Response());
  };
}

}  // namespace winnow

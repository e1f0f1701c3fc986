/// The handling of a request that has arrived completely.
#pragma once

#include <cstdint>
#include <memory>

#include "server/http.h"
#include "server/reply_slot.h"

namespace winnow {

/// Decompresses the body of a request, if it is compressed, to at most `max_body_bytes`, and has `application` handle
/// the request. Puts exactly one response into `slot`, now or later: that of the application, that of an exception, or
/// status 500 if the application forgets the request. Thread-safe.
void HandleRequest(const std::shared_ptr<HttpApplication>& application, const std::shared_ptr<HttpRequest>& request,
                   uint64_t max_body_bytes, const std::shared_ptr<ReplySlot>& slot);

}  // namespace winnow

/// Handlers that read or write files of the workspace, on threads that may wait for them.
#pragma once

#include "server/service.h"

namespace winnow {

/// Returns a handler that replies from a thread of the workspace; 429 if too many requests wait for it. The server must
/// have a workspace.
HttpHandler OnFiles(const SharedService& service, SimpleServiceHandler handle);

}  // namespace winnow

/// Lines of the audit log for changes that clients make by the API.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "server/http.h"

namespace winnow {

struct Service;

/// Records that the client of a request has made a change: `action` is what, such as "jobs.start"; `object` to what,
/// such as a model, a file or a sender; `detail` a JSON object with the rest. To be called once the change is made,
/// from any thread; returns without waiting for the store, unless it is called by a task of AskStore. Without a store,
/// the server's log has the line. While the store is down, lines wait (AuditQueue), since the change itself is done.
void Audit(const Service& service, const HttpRequest& request, std::string action, std::string object,
           const Json& detail = Json::object());

/// Returns how people are shown who has made a change: the name of the API key, "local" for a client of this machine
/// without a key, the address of another client, or the name that a command has recorded.
std::string ActorName(std::string_view actor);

}  // namespace winnow

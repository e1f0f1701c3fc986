#include "server/audit.h"

#include "base/log.h"
#include "server/address.h"
#include "server/filter_request.h"
#include "server/service.h"

namespace winnow {

void Audit(const Service& service, const HttpRequest& request, std::string action, std::string object,
           const Json& detail) {
  AuditEntry entry = AuditOf(request, std::move(action), std::move(object), detail);
  entry.created_at = StoreNow();
  if (service.filter == nullptr || !service.filter->has_store()) {
    return LogInfo("change by {}: {} {} {}", entry.actor, entry.action, entry.subject, entry.details);
  }
  // Added here, so that two changes are in the order in which they were made, whichever task is the first.
  service.filter->audits().Add(std::move(entry));
  if (service.filter->calls().RunsThisThread()) return service.filter->audits().WriteWaiting();
  // What cannot be posted is written in a moment (FilterService::CatchUp).
  service.filter->calls().Post(request.caller, [filter = service.filter] { filter->audits().WriteWaiting(); });
}

std::string ActorName(std::string_view actor) {
  constexpr std::string_view kKey = "key:", kAddress = "address:";
  if (actor.starts_with(kKey)) return std::string(actor.substr(kKey.size()));
  if (!actor.starts_with(kAddress)) return std::string(actor);
  const std::string address(actor.substr(kAddress.size()));
  return address.empty() || address == "unix" || IsLoopback(address) ? "local" : address;
}

}  // namespace winnow

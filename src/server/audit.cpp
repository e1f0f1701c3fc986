#include "server/audit.h"

#include "base/log.h"
#include "server/address.h"
#include "server/filter_request.h"
#include "server/service.h"

namespace winnow {
namespace {

void Append(const FilterService& filter, AuditEntry entry) {
  const std::string action = entry.action;
  const std::shared_ptr<Store> store = filter.recorder().store();
  const Result<void> appended =
      store == nullptr ? Fail(ErrorCode::kNetwork, "the store is not available") : store->AppendAudit(std::move(entry));
  if (!appended) LogWarning("a change ({}) is not in the audit log: {}", action, appended.error().message);
}

}  // namespace

void Audit(const Service& service, const HttpRequest& request, std::string action, std::string object,
           const Json& detail) {
  AuditEntry entry = AuditOf(request, std::move(action), std::move(object), detail);
  entry.created_at = StoreNow();
  if (service.filter == nullptr || !service.filter->has_store()) {
    return LogInfo("change by {}: {} {} {}", entry.actor, entry.action, entry.subject, entry.details);
  }
  if (service.filter->calls().RunsThisThread()) return Append(*service.filter, std::move(entry));
  const bool posted =
      service.filter->calls().Post(request.caller, [filter = service.filter, entry] { Append(*filter, entry); });
  if (!posted) LogWarning("a change ({}) is not in the audit log: too many requests wait for the store", entry.action);
}

std::string ActorName(std::string_view actor) {
  constexpr std::string_view kKey = "key:", kAddress = "address:";
  if (actor.starts_with(kKey)) return std::string(actor.substr(kKey.size()));
  if (!actor.starts_with(kAddress)) return std::string(actor);
  const std::string address(actor.substr(kAddress.size()));
  return address.empty() || address == "unix" || IsLoopback(address) ? "local" : address;
}

}  // namespace winnow

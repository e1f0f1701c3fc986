#include "server/site.h"

#include "server/host_name.h"

namespace winnow {

Site SiteOf(std::string_view origin, std::string_view sec_fetch_site, std::string_view host) {
  if (sec_fetch_site == "same-origin" || sec_fetch_site == "none") return Site::kSame;
  if (!sec_fetch_site.empty()) return Site::kOther;
  if (origin.empty()) return Site::kUnknown;
  const std::optional<HostName> page = ParseOrigin(origin);
  const std::optional<HostName> server = ParseHost(host);
  const bool same = page && server && page->host == server->host && page->port == server->port;
  return same ? Site::kSame : Site::kOther;
}

}  // namespace winnow

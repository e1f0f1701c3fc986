/// The treatment of every request, whatever its route: access control, routing, CORS, metrics and the access log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/access.h"
#include "server/access_log.h"
#include "server/host_name.h"
#include "server/http.h"
#include "server/metrics.h"
#include "server/trusted_proxies.h"

namespace winnow {

struct ApplicationParts {
  std::shared_ptr<const RouteTable> routes;
  std::shared_ptr<Access> access;          ///< access control; null: everybody may use all routes
  std::shared_ptr<ServerMetrics> metrics;  ///< metrics, or null
  std::shared_ptr<AccessLog> log;          ///< access log, or null
  std::vector<std::string> cors_origins;   ///< origins whose pages may send requests: "https://example.org", or "*"
  AllowedHosts hosts;                      ///< names under which the server answers
  TrustedProxies proxies;                  ///< proxies whose statements about client addresses are trusted
};

std::shared_ptr<HttpApplication> MakeApplication(ApplicationParts parts);

}  // namespace winnow

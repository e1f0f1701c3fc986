/// What happens to every request, whatever its route: who may, where to, CORS, metrics and the access log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/access.h"
#include "server/access_log.h"
#include "server/http.h"
#include "server/metrics.h"
#include "server/trusted_proxies.h"

namespace winnow {

struct ApplicationParts {
  std::shared_ptr<const RouteTable> routes;
  std::shared_ptr<Access> access;          ///< null: everybody may everything
  std::shared_ptr<ServerMetrics> metrics;  ///< or null
  std::shared_ptr<AccessLog> log;          ///< or null
  std::vector<std::string> cors_origins;   ///< "https://example.org", or "*"; those whose pages may call
  TrustedProxies proxies;                  ///< who may say for whom a request is
};

HttpApplication MakeApplication(ApplicationParts parts);

}  // namespace winnow

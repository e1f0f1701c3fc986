/// Where a Redis is, as its URLs say it (the "redis" scheme of IANA's list).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct RedisAddress {
  std::string host;    ///< a name or a number; empty for a Unix socket
  std::string port;    ///< decimal
  std::string socket;  ///< path of a Unix socket; empty for a host
  std::string user, password;
  int database = 0;

  /// For people and logs: no password.
  std::string Name() const;
};

/// redis://[[user]:password@]host[:port][/database] (port 6379), unix://[[user]:password@]/path; percent-encoded where
/// needed; [::1] for IPv6. Errors: kInvalidArgument, kUnsupported for rediss://. They don't quote the URL, which may
/// hold a password.
Result<RedisAddress> ParseRedisUrl(std::string_view url);

}  // namespace winnow

/// The address of a Redis server, as in URLs (the "redis" scheme of IANA's list).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct RedisAddress {
  std::string host;    ///< host name or IP address; empty for a Unix socket
  std::string port;    ///< port in decimal digits
  std::string socket;  ///< path of a Unix socket; empty for a host
  std::string user, password;
  int database = 0;
  bool tls = false;  ///< true if the connection is encrypted (rediss://)

  /// Returns the address for people and logs, without the password.
  std::string Name() const;
};

/// Parses redis://[[user]:password@]host[:port][/database] (port 6379), rediss:// likewise for TLS, or
/// unix://[[user]:password@]/path, percent-encoded where needed, with [::1] for IPv6. Errors: kInvalidArgument.
/// Messages do not quote the URL, which may contain a password.
Result<RedisAddress> ParseRedisUrl(std::string_view url);

}  // namespace winnow

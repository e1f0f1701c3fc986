#include "store/redis_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/parse_number.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

constexpr std::string_view kForms =
    "write redis://[[user]:password@]host[:port][/database], rediss:// for TLS, or unix:///path; in names and passwords "
    "%40 stands for @";

std::unexpected<Error> Wrong(std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("--redis: not a valid URL: {}", what), std::string(kForms));
}

std::optional<int> Number(std::string_view digits, int most) {
  const std::optional<int> number = ParseNumber<int>(digits);
  return number && *number >= 0 && *number <= most ? number : std::nullopt;
}

/// Reads "user:password" or ":password".
Result<void> ReadUser(std::string_view who, RedisAddress& address) {
  const size_t colon = who.find(':');
  // Clients disagree on what a lone word is; a password in the wrong place would be sent as a name.
  if (colon == std::string_view::npos)
    return Wrong("there is no colon before the @, so it could be a user or a password");
  const auto user = PercentDecoded(who.substr(0, colon)), password = PercentDecoded(who.substr(colon + 1));
  if (!user || !password) return Wrong("the percent-encoding of the user or password is invalid");
  if (password->empty()) return Wrong("the password is empty");
  address.user = *user;
  address.password = *password;
  return {};
}

Result<void> ReadSocket(std::string_view path, RedisAddress& address) {
  const auto socket = PercentDecoded(path);
  if (!socket || socket->size() < 2) return Wrong("the path of the Unix socket is missing");
  if (socket->size() > 107) return Wrong("the path of a Unix socket has at most 107 bytes");
  address.socket = *socket;
  return {};
}

/// "host", "host:port", "[::1]" or "[::1]:port".
Result<void> ReadHost(std::string_view host, RedisAddress& address) {
  std::string_view port;
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return Wrong("the ] after [ is missing");
    port = host.substr(end + 1);
    host = host.substr(1, end - 1);
    if (!port.empty() && !port.starts_with(':')) return Wrong("only a port can follow ]");
  } else if (const size_t colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  const auto name = PercentDecoded(host);
  if (!name || name->empty()) return Wrong("the host is missing");
  address.host = *name;
  address.port = "6379";
  if (port.empty()) return {};
  const auto number = Number(port.substr(1), 65535);
  if (!number || *number == 0) return Wrong("the port is not a number from 1 to 65535");
  address.port = std::to_string(*number);
  return {};
}

}  // namespace

std::string RedisAddress::Name() const {
  if (!socket.empty()) return "unix://" + socket;
  const bool six = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", tls ? "rediss" : "redis", six ? "[" : "", host, six ? "]" : "", port,
                     database > 0 ? fmt::format("/{}", database) : "");
}

Result<RedisAddress> ParseRedisUrl(std::string_view url) {
  const bool is_unix = url.starts_with("unix://"), is_tls = url.starts_with("rediss://");
  if (!is_unix && !is_tls && !url.starts_with("redis://")) {
    return Wrong("it begins with none of redis://, rediss:// and unix://");
  }
  const std::string_view rest = url.substr(url.find("//") + 2);
  if (rest.find_first_of("?#") != std::string_view::npos) return Wrong("queries and fragments are not supported");

  const size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  RedisAddress address;
  address.tls = is_tls;
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    TRY(ReadUser(authority.substr(0, at), address));
    authority.remove_prefix(at + 1);
  }
  if (is_unix) {
    if (!authority.empty()) return Wrong("the path of a Unix socket begins with a slash: unix:///run/redis/redis.sock");
    TRY(ReadSocket(path, address));
    return address;
  }
  TRY(ReadHost(authority, address));
  if (path.size() > 1) {
    const auto number = Number(path.substr(1), 1000000);
    if (!number) return Wrong("the database, after the last slash, is not a number");
    address.database = *number;
  }
  return address;
}

}  // namespace winnow

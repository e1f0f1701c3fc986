#include "store/store_url.h"

#include <fmt/format.h>

#include <optional>

#include "base/percent_decoding.h"

namespace winnow {
namespace {

constexpr std::string_view kForms =
    "write sqlite:///absolute/path, sqlite:relative/path, the path of a file, or postgres://[user[:password]@]host[:port]"
    "/database";

/// The scheme of a URL, or nothing for a path.
std::string_view SchemeOf(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon < 2) return {};
  const std::string_view scheme = url.substr(0, colon);
  for (const char c : scheme) {
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '.' && c != '-')
      return {};
  }
  return scheme == "sqlite" || url.substr(colon).starts_with("://") ? scheme : std::string_view();
}

Result<StoreAddress> SqliteAddress(std::string_view path, bool encoded) {
  const std::optional<std::string> decoded = encoded ? PercentDecoded(path) : std::string(path);
  if (!decoded) {
    return Fail(ErrorCode::kInvalidArgument, "the path in the URL of the SQLite file is not valid percent-encoding",
                "write %25 for a percent sign, or the plain path without sqlite:");
  }
  if (decoded->empty() || *decoded == "/" || decoded->find('\0') != std::string::npos) {
    return Fail(ErrorCode::kInvalidArgument, "the URL does not name a SQLite file", std::string(kForms));
  }
  if (*decoded == ":memory:") {
    return Fail(ErrorCode::kInvalidArgument, "a SQLite database in memory cannot be shared by several connections",
                "name a file; in /dev/shm it is in memory too");
  }
  StoreAddress address;
  address.path = *decoded;
  address.name = *decoded;
  return address;
}

Result<StoreAddress> PostgresAddress(std::string_view url) {
  StoreAddress address;
  address.kind = StoreAddress::kPostgres;
  address.url = url;
  const size_t begin = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?", begin), url.size());
  const std::string_view authority = url.substr(begin, end - begin);
  std::string shown(url.substr(0, begin));
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) {
    shown += authority;
  } else {
    const size_t colon = authority.substr(0, at).find(':');
    if (colon < at) {
      const auto password = PercentDecoded(authority.substr(colon + 1, at - colon - 1));
      if (!password) {
        return Fail(ErrorCode::kInvalidArgument,
                    "the password in the URL of the PostgreSQL database is not valid percent-encoding",
                    "write %25 for a percent sign, %40 for @ and %2F for a slash");
      }
      address.password = *password;
    }
    shown += authority.substr(0, std::min(colon, at));
    shown += authority.substr(at);
  }
  const size_t query = std::min(url.find('?', end), url.size());
  shown += url.substr(end, query - end);  // parameters may contain a password
  if (const size_t key = url.find("password=", query); key != std::string_view::npos) {
    const std::string_view value = url.substr(key + 9);
    address.password = PercentDecoded(value.substr(0, value.find('&'))).value_or("");
  }
  if (url.find('\0') != std::string_view::npos)
    return Fail(ErrorCode::kInvalidArgument, "the URL of the PostgreSQL database contains a zero byte",
                "remove %00 from the URL");
  address.name = shown;
  return address;
}

}  // namespace

std::string StoreAddress::WithoutPassword(std::string message) const {
  if (password.empty()) return message;
  for (size_t at = 0; (at = message.find(password, at)) != std::string::npos; at += 3)
    message.replace(at, password.size(), "***");
  return message;
}

Result<StoreAddress> ParseStoreUrl(std::string_view url) {
  const std::string_view scheme = SchemeOf(url);
  if (scheme == "postgres" || scheme == "postgresql") return PostgresAddress(url);
  if (scheme.empty()) return SqliteAddress(url, false);
  if (scheme != "sqlite") {
    return Fail(ErrorCode::kUnsupported, fmt::format("databases of the kind '{}' are not supported", scheme),
                std::string(kForms));
  }
  std::string_view rest = url.substr(scheme.size() + 1);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (!rest.starts_with('/')) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a URL of a SQLite file with two slashes names a host, and SQLite files have no host",
                  std::string(kForms));
    }
    while (rest.starts_with("//")) rest.remove_prefix(1);
  }
  return SqliteAddress(rest, true);
}

}  // namespace winnow

#include "store/store_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>

#include "base/ascii.h"
#include "base/percent_encoding.h"

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
    if (!IsAsciiAlphanumeric(c) && c != '+' && c != '.' && c != '-') return {};
  }
  return scheme == "sqlite" || url.substr(colon).starts_with("://") ? scheme : std::string_view();
}

/// Returns true for the other form of PostgreSQL's connection strings (manual, section 34.1.1.1): "host=db
/// dbname=winnow". As the name of a file it would be created, password and all.
bool HasKeywords(std::string_view url) {
  constexpr std::array<std::string_view, 7> kKeywords = {
      "host=", "hostaddr=", "port=", "dbname=", "user=", "password=", "service="};
  return std::ranges::any_of(kKeywords, [&](std::string_view keyword) { return url.starts_with(keyword); });
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

constexpr char kEncoding[] =
    "in passwords, write %2F for a slash, %3F for a question mark, %40 for @ and %25 for a percent sign";

Result<std::string> DecodedPassword(std::string_view encoded) {
  std::optional<std::string> password = PercentDecoded(encoded);
  if (password) return *std::move(password);
  return Fail(ErrorCode::kInvalidArgument,
              "the password in the URL of the PostgreSQL database is not valid percent-encoding", kEncoding);
}

/// Returns true if what follows the colon of each host is a number: "db1:5432,[::1]:5433".
bool HasNumbersForPorts(std::string_view hosts) {
  for (const auto part : std::views::split(hosts, ',')) {
    std::string_view host(part.begin(), part.end());
    if (host.starts_with('[')) host.remove_prefix(std::min(host.find(']'), host.size()));
    const std::string_view port = host.substr(std::min(host.find(':'), host.size()));
    if (!std::ranges::all_of(port.substr(std::min<size_t>(1, port.size())),
                             [](char c) { return c >= '0' && c <= '9'; }))
      return false;
  }
  return true;
}

/// Returns the password among the parameters of a URL, decoded; empty if there is none.
Result<std::string> PasswordParameter(std::string_view query) {
  std::string password;
  for (const auto part : std::views::split(query, '&')) {
    const std::string_view parameter(part.begin(), part.end());
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string name = PercentDecoded(parameter.substr(0, equals)).value_or("");
    if (name != "password" && name != "sslpassword") continue;
    std::string value = TRY(DecodedPassword(parameter.substr(std::min(equals + 1, parameter.size()))));
    if (name == "password") password = std::move(value);
  }
  return password;
}

Result<StoreAddress> PostgresAddress(std::string_view url) {
  StoreAddress address;
  address.kind = StoreAddress::kPostgres;
  address.url = url;
  const size_t begin = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?", begin), url.size());
  const std::string_view authority = url.substr(begin, end - begin);
  const size_t query = std::min(url.find('?', end), url.size());
  const size_t at = authority.find('@');
  const std::string_view hosts = authority.substr(at == std::string_view::npos ? 0 : at + 1);
  // A password with characters that are not encoded ends elsewhere than was meant. PostgreSQL's library would take a
  // part of it for a host or a port, and quote that in its messages.
  const bool too_many =
      std::ranges::count(url.substr(begin, query - begin), '@') > (at == std::string_view::npos ? 0 : 1);
  if (too_many || !HasNumbersForPorts(hosts)) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "the URL of the PostgreSQL database has an @ elsewhere than between user and host, or a port that is not a number",
        kEncoding);
  }
  std::string shown(url.substr(0, begin));
  if (at == std::string_view::npos) {
    shown += authority;
  } else {
    const size_t colon = authority.substr(0, at).find(':');
    if (colon < at) address.password = TRY(DecodedPassword(authority.substr(colon + 1, at - colon - 1)));
    shown += authority.substr(0, std::min(colon, at));
    shown += authority.substr(at);
  }
  shown += url.substr(end, query - end);  // parameters may contain a password
  const std::string parameter = TRY(PasswordParameter(url.substr(std::min(query + 1, url.size()))));
  if (!parameter.empty()) address.password = parameter;
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
  if (scheme.empty() && HasKeywords(url)) {
    return Fail(ErrorCode::kUnsupported, "connection strings of keywords (host=... dbname=...) are not supported",
                std::string(kForms));
  }
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

#include "server/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/address.h"
#include "server/header_values.h"
#include "server/site.h"

namespace winnow {
namespace {

constexpr char kChallenge[] = "Bearer realm=\"winnow\"";

/// The key of "Bearer KEY", whatever the case of its scheme (RFC 9110, section 11.1); empty for another scheme.
std::string_view BearerToken(std::string_view header) {
  constexpr std::string_view kScheme = "bearer";
  header = TrimmedValue(header);
  if (header.size() <= kScheme.size() || (header[kScheme.size()] != ' ' && header[kScheme.size()] != '\t')) return {};
  const bool bearer = EqualsIgnoringCase(header.substr(0, kScheme.size()), kScheme);
  return bearer ? TrimmedValue(header.substr(kScheme.size())) : std::string_view();
}

/// Whether a page of another site may be behind the request: its browser reaches this machine's loopback although the
/// page's author doesn't. Such a request names the page in Origin; or, where the page's own name was made to lead here
/// (DNS rebinding), that name in Host. Programs send no Origin, and name the host as they were told.
bool MayBeOfAnotherSite(const AccessRequest& request) {
  // No browser reaches unix sockets, and what stands in Host there is up to the client.
  if (request.client.starts_with("unix")) return false;
  const std::optional<HostName> origin = ParseOrigin(request.origin);
  if (!request.origin.empty() && (!origin || !IsLoopbackName(*origin))) return true;
  const std::optional<HostName> host = ParseHost(request.host);
  return !request.host.empty() && (!host || !IsLoopbackName(*host));
}

/// Whether the server has the name by which the client reached it.
bool IsUnderAllowedName(const AccessRequest& request, const AllowedHosts& names) {
  if (request.client.starts_with("unix") || request.host.empty()) return true;
  const std::optional<HostName> host = ParseHost(request.host);
  return host && names.Allows(*host);
}

ApiError Unauthorized(std::string message, std::string_view error) {
  return {.status = 401,
          .type = "Unauthorized",
          .message = std::move(message),
          .headers = {
              {"WWW-Authenticate", error.empty() ? kChallenge : fmt::format("{}, error=\"{}\"", kChallenge, error)}}};
}

ApiError Forbidden(std::string message) { return {.status = 403, .type = "Forbidden", .message = std::move(message)}; }

/// The key is valid, but its role does not include `needed`.
ApiError Forbidden(Role needed) {
  ApiError error = Forbidden(fmt::format("this request requires an API key with the role {}", RoleName(needed)));
  error.headers.emplace_back(
      "WWW-Authenticate", fmt::format("{}, error=\"insufficient_scope\", scope=\"{}\"", kChallenge, RoleName(needed)));
  return error;
}

ApiError RateLimited(std::chrono::seconds wait) {
  return TooManyRequests("RateLimited", fmt::format("too many requests; try again in {} s", wait.count()), wait);
}

}  // namespace

Access::Access(AccessOptions options, std::shared_ptr<const ApiKeys> keys, Sessions sessions)
    : options_(std::move(options)),
      sessions_(std::move(sessions)),
      limiter_(options_.steady_clock),
      keys_(std::move(keys)) {}

std::shared_ptr<const ApiKeys> Access::keys() const {
  const MutexLock lock(mutex_);
  return keys_;
}

void Access::Replace(std::shared_ptr<const ApiKeys> keys) {
  const MutexLock lock(mutex_);
  if (keys != nullptr) keys_.swap(keys);
}

AccessDecision Access::Decide(const AccessRequest& request) {
  if (request.role == Role::kPublic) return {{}, "address:" + AddressGroup(request.client), Role::kPublic, {}};
  const std::shared_ptr<const ApiKeys> keys = this->keys();
  return keys == nullptr ? DecideWithout(request) : DecideWith(*keys, request);
}

std::optional<ApiError> Access::Limit(const std::string& turn, const RateLimit& limit) {
  const std::optional<std::chrono::seconds> wait = limiter_.Take(turn, limit);
  return wait ? std::optional(RateLimited(*wait)) : std::nullopt;
}

bool Access::TrustsAsAdmin(const AccessRequest& request) const {
  return !options_.public_address && !request.forwarded && !MayBeOfAnotherSite(request);
}

AccessDecision Access::DecideWithout(const AccessRequest& request) {
  AccessDecision decision{{}, "address:" + AddressGroup(request.client), Role::kFeedback, {}};
  if (TrustsAsAdmin(request)) decision.role = Role::kAdmin;
  if (!request.unlimited) decision.refusal = Limit(decision.turn, options_.address_limit);
  if (!decision.refusal && request.role == Role::kFeedback && !IsUnderAllowedName(request, options_.names)) {
    decision.refusal = Forbidden(
        "without API keys, this request is refused under a host name that --allowed-host does not name: create a key "
        "with 'winnow keys add FILE --name NAME --role feedback', and start the server with --api-key-file FILE; or "
        "start it with --allowed-host NAME");
  }
  if (decision.refusal || request.role != Role::kAdmin) return decision;
  if (options_.public_address) {
    decision.refusal = Forbidden(
        "on a server that other machines can reach, this request requires an API key: create one with "
        "'winnow keys add FILE --name NAME --role admin', and start the server with --api-key-file FILE");
  } else if (request.forwarded) {
    decision.refusal = Forbidden(
        "without API keys, this request is refused from behind a proxy: create a key with 'winnow keys add FILE --name "
        "NAME --role admin', and start the server with --api-key-file FILE and --trusted-proxy ADDRESS");
  } else if (MayBeOfAnotherSite(request)) {
    decision.refusal = Forbidden(
        "without API keys, this request is refused from web pages of other sites and under host names other "
        "than localhost: create a key with 'winnow keys add FILE --name NAME --role admin', and start the "
        "server with --api-key-file FILE");
  }
  return decision;
}

ApiResult<const ApiKey*> Access::FindKey(const ApiKeys& keys, std::string_view secret, std::string_view client) {
  const ApiKey* const key = keys.Find(secret, options_.system_clock());
  if (key != nullptr) return key;
  if (auto limited = Limit("wrong keys:" + AddressGroup(client), options_.failure_limit)) {
    return std::unexpected(*std::move(limited));
  }
  return std::unexpected(Unauthorized("the API key is not valid", "invalid_token"));
}

ApiResult<const ApiKey*> Access::KeyOf(const ApiKeys& keys, const AccessRequest& request) {
  std::string_view secret = TrimmedValue(request.x_api_key);
  if (secret.empty()) secret = BearerToken(request.authorization);
  if (!secret.empty()) return FindKey(keys, secret, request.client);
  const std::string_view cookie = SessionCookieIn(request.cookie);
  if (cookie.empty()) {
    return std::unexpected(Unauthorized(
        "this request requires an API key, in the header 'Authorization: Bearer KEY' or 'X-API-Key: KEY'", {}));
  }
  const ApiKey* const key = sessions_.Find(cookie, keys, options_.system_clock());
  if (key == nullptr) return std::unexpected(Unauthorized("the session has ended; sign in again", {}));
  const Site site = SiteOf(request.origin, request.sec_fetch_site, request.host);
  if (site == Site::kOther || (site == Site::kUnknown && request.changes)) {
    return std::unexpected(
        Forbidden("a session counts for requests of this server's own pages; programs send the API key in the header "
                  "'Authorization: Bearer KEY'"));
  }
  return key;
}

AccessDecision Access::DecideWith(const ApiKeys& keys, const AccessRequest& request) {
  AccessDecision decision{{}, "address:" + AddressGroup(request.client), Role::kPublic, {}};
  const ApiResult<const ApiKey*> found = KeyOf(keys, request);
  if (!found) {
    decision.refusal = found.error();
    return decision;
  }
  const ApiKey* const key = *found;
  decision.key = key->name;
  decision.turn = "key:" + key->name;
  decision.role = key->role;
  RateLimit limit = options_.key_limit;
  if (key->requests_per_minute) {
    limit = {static_cast<double>(*key->requests_per_minute), static_cast<double>(key->burst.value_or(0))};
  }
  if (!request.unlimited) decision.refusal = Limit(decision.turn, limit);
  if (!decision.refusal && !Includes(key->role, request.role)) decision.refusal = Forbidden(request.role);
  return decision;
}

ApiResult<SignedIn> Access::SignIn(std::string_view secret, std::string_view client) {
  const std::shared_ptr<const ApiKeys> keys = this->keys();
  if (keys == nullptr) return Reject(409, "Conflict", "this server has no API keys, so nobody has to sign in");
  const ApiKey* const key = TRY(FindKey(*keys, TrimmedValue(secret), client));
  return SignedIn{.cookie = sessions_.Issue(*key, options_.system_clock()), .name = key->name, .role = key->role};
}

AccessDecision Access::WhoIs(const AccessRequest& request) {
  AccessDecision decision;
  const std::shared_ptr<const ApiKeys> keys = this->keys();
  if (keys == nullptr) {
    decision.role = TrustsAsAdmin(request) ? Role::kAdmin : Role::kFeedback;
  } else if (const ApiResult<const ApiKey*> key = KeyOf(*keys, request); !key) {
    if (key.error().status == 429) decision.refusal = key.error();
  } else {
    decision.key = (*key)->name;
    decision.role = (*key)->role;
  }
  return decision;
}

}  // namespace winnow

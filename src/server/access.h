/// Access control: the permissions and the rate limits of a request, decided before its route is called.
///
/// Without keys, all routes up to the role kFeedback are open to everybody, and admin routes to clients on this
/// machine: if the server listens on loopback or a unix socket and no proxy is trusted. With keys, only public routes
/// need none; a browser that has signed in sends a session's cookie in place of the key, which counts for requests of
/// this server's own pages alone, so that no page of another site acts in its user's name. Public routes are not
/// limited and never refused, since load balancers use them to see whether the server is healthy.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "server/api_error.h"
#include "server/api_keys.h"
#include "server/host_name.h"
#include "server/rate_limit.h"
#include "server/role.h"
#include "server/session.h"

namespace winnow {

struct AccessOptions {
  /// True if clients on other machines can reach the server: it listens at a public address (!IsLoopback(host)), or a
  /// proxy forwards their requests.
  bool public_address = false;
  /// Without keys: the host names under which routes of the role kFeedback answer. A page that was rebound to the
  /// server names another one.
  AllowedHosts names = {};
  RateLimit address_limit = {};  ///< rate limit of each address, on a server without keys
  RateLimit key_limit = {};      ///< rate limit of a key without a limit of its own
  /// Limit of wrong keys per address. When it is exceeded, further wrong keys get 429 instead of 401. A valid key is
  /// accepted in any case: a key has 256 random bits, so that guesses are hopeless, and clients that share an address
  /// must not be able to lock each other out.
  RateLimit failure_limit = {.per_minute = 60, .burst = 20};
  std::function<std::chrono::steady_clock::time_point()> steady_clock = std::chrono::steady_clock::now;
  std::function<std::chrono::system_clock::time_point()> system_clock = std::chrono::system_clock::now;
};

/// The properties of a request that the decision depends on. Headers are unchanged; empty if absent.
struct AccessRequest {
  Role role = Role::kAdmin;             ///< role that the route requires
  std::string_view authorization = {};  ///< value of Authorization: Bearer KEY
  std::string_view x_api_key = {};      ///< value of X-API-Key: KEY; Authorization is then ignored
  std::string_view client = {};         ///< address of the client: "192.0.2.1", "::1", "unix"
  /// True if a proxy says that it passes the request on, so that its client may be on another machine.
  bool forwarded = false;
  /// Headers Host and Origin, by which a browser names the server and the page that sends the request.
  std::string_view host = {}, origin = {};
  std::string_view sec_fetch_site = {};  ///< value of Sec-Fetch-Site, by which a browser tells how they are related
  std::string_view cookie = {};          ///< value of Cookie; its session counts if there is no key in a header
  /// True if the request may change something: its method is another than GET and HEAD, or its route starts work.
  bool changes = true;
  bool unlimited = false;  ///< true if the rate limits of addresses and keys do not apply; wrong keys stay limited
};

/// What a client gets for its key.
struct SignedIn {
  std::string cookie;  ///< value of the session's cookie
  std::string name;    ///< name of the key
  Role role = Role::kPublic;
};

struct AccessDecision {
  std::string key;            ///< name of the key that was used, for the access log; empty for none
  std::string turn;           ///< name for taking turns and for limits: "key:web", "address:192.0.2.1"
  Role role = Role::kPublic;  ///< role of the client, which may exceed that of the route
  /// Empty if the request is allowed. Otherwise 401 "Unauthorized", 403 "Forbidden" or 429 "RateLimited", whose message
  /// never contains a key, nor tells whether one is known. It has the headers Retry-After (429) and WWW-Authenticate
  /// (401, and 403 for a key; RFC 6750, section 3).
  std::optional<ApiError> refusal;
};

/// The access control of a server. Thread-safe. Its memory does not grow.
class Access {
 public:
  /// Creates the access control; `keys` null: a server without keys.
  Access(AccessOptions options, std::shared_ptr<const ApiKeys> keys, Sessions sessions = Sessions(Secret()));

  /// Decides about a request and takes tokens from its limits; must be called once per request.
  AccessDecision Decide(const AccessRequest& request);

  /// Makes a session for a key. Errors: 401 for a key that is not valid, 429 after many of those; 409 if the server has
  /// no keys.
  ApiResult<SignedIn> SignIn(std::string_view secret, std::string_view client);
  /// Returns the name of the key of a request, and the role of its client, without a limit for those that are
  /// allowed. The decision has a refusal after many wrong keys alone: 429.
  AccessDecision WhoIs(const AccessRequest& request);
  bool requires_keys() const { return keys() != nullptr; }

  /// Replaces the keys from the next request on; rate limits keep their state. Null is ignored if there were keys
  /// before: a server with keys never becomes one without.
  void Replace(std::shared_ptr<const ApiKeys> keys);

 private:
  std::shared_ptr<const ApiKeys> keys() const;
  AccessDecision DecideWithout(const AccessRequest& request);
  AccessDecision DecideWith(const ApiKeys& keys, const AccessRequest& request);
  ApiResult<const ApiKey*> KeyOf(const ApiKeys& keys, const AccessRequest& request);
  ApiResult<const ApiKey*> FindKey(const ApiKeys& keys, std::string_view secret, std::string_view client);
  bool TrustsAsAdmin(const AccessRequest& request) const;
  std::optional<ApiError> Limit(const std::string& turn, const RateLimit& limit);

  const AccessOptions options_;
  const Sessions sessions_;
  RateLimiter limiter_;
  mutable Mutex mutex_;
  std::shared_ptr<const ApiKeys> keys_ GUARDED_BY(mutex_);
};

}  // namespace winnow

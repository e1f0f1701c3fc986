/// Who may do what, and how often: the decision for one request, before its route is called.
///
/// Without keys, everything up to feedback is anybody's, and admin routes are for those who reach the server without a
/// network: where it listens on loopback or a unix socket, and no proxy is trusted. With keys, only what is public
/// needs none. Public routes cost nothing and are refused to nobody, for it is by them that a balancer sees whether the
/// server is well.
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
#include "server/rate_limit.h"
#include "server/role.h"

namespace winnow {

struct AccessOptions {
  /// Others than this machine can come: the server listens there, !IsLoopback(host), or a proxy brings them.
  bool public_address = false;
  RateLimit address_limit = {};  ///< of a server without keys, each address
  RateLimit key_limit = {};      ///< of a key for which the file says nothing else
  /// Wrong keys of an address. When they are used up the address is refused before its key is looked at, so that more
  /// guesses learn nothing. But not loopback and unix sockets: behind one proxy are many clients, and one that is set
  /// up wrongly must not lock out the others; it only gets 429 instead of 401.
  RateLimit failure_limit = {.per_minute = 60, .burst = 20};
  std::function<std::chrono::steady_clock::time_point()> steady_clock = std::chrono::steady_clock::now;
  std::function<std::chrono::system_clock::time_point()> system_clock = std::chrono::system_clock::now;
};

/// What of a request the decision depends on. Headers are as they came; empty where there is none.
struct AccessRequest {
  Role role = Role::kAdmin;                 ///< that the route asks for
  std::string_view authorization = {};      ///< Authorization: Bearer KEY
  std::string_view x_api_key = {};          ///< X-API-Key: KEY; the other header is not looked at then
  std::string_view client = {};             ///< the address it comes from: "192.0.2.1", "::1", "unix"
  std::string_view host = {}, origin = {};  ///< what a browser says of where it thinks it is, and of whose page asks
};

struct AccessDecision {
  std::string key;   ///< the name of the key that was used, for the access log; empty for none
  std::string turn;  ///< who takes turns with others and is limited: "key:web", "address:192.0.2.1"
  /// Empty if the request is allowed. Else 401 "Unauthorized", 403 "Forbidden" or 429 "RateLimited", whose message
  /// never contains a key, nor tells whether one is known. With the headers Retry-After (429) and WWW-Authenticate
  /// (401, and 403 for a key; RFC 6750, section 3).
  std::optional<ApiError> refusal;
};

/// Thread-safe. Its memory doesn't grow.
class Access {
 public:
  /// `keys` null: a server without keys.
  Access(AccessOptions options, std::shared_ptr<const ApiKeys> keys);

  /// Takes from the limits, too: to be called once a request.
  AccessDecision Decide(const AccessRequest& request);

  /// From the next request on these are the keys; buckets stay as they are. Not null where there were keys before, else
  /// nothing changes: a server with keys never becomes one without.
  void Replace(std::shared_ptr<const ApiKeys> keys);

 private:
  std::shared_ptr<const ApiKeys> keys() const;
  AccessDecision DecideWithout(const AccessRequest& request);
  AccessDecision DecideWith(const ApiKeys& keys, const AccessRequest& request);
  std::optional<ApiError> Limit(const std::string& turn, const RateLimit& limit);

  const AccessOptions options_;
  RateLimiter limiter_;
  mutable Mutex mutex_;
  std::shared_ptr<const ApiKeys> keys_ GUARDED_BY(mutex_);
};

}  // namespace winnow

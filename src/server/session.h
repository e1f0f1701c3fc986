/// Sessions: a browser sends its API key once, and then a cookie in its place, which scripts of the page cannot read.
///
/// The cookie is EXPIRY:MAC:NAME: the second since 1970 at which it expires, HMAC-SHA-256 in hexadecimal, and the key's
/// name. The message that is authenticated includes the digest of the key, so that a key that is removed or replaced
/// ends its sessions; nothing is stored about them. What a session may do is the role that the key has at the time of
/// the request.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "server/api_keys.h"

namespace winnow {

inline constexpr char kSessionCookie[] = "winnow_session";
inline constexpr std::chrono::days kSessionLifetime{30};

/// Immutable; thread-safe.
class Sessions {
 public:
  explicit Sessions(Secret secret) : secret_(std::move(secret)) {}
  /// Has the secret of a file, which is created if it is missing (mode 0600); for an empty path, a secret of its own,
  /// so that sessions end with the server. Errors: those of UpdateSecretFile; kInvalidData for a file that is too
  /// short.
  static Result<Sessions> Open(const std::filesystem::path& file);

  /// Returns the value of a cookie for this key.
  std::string Issue(const ApiKey& key, std::chrono::system_clock::time_point now) const;
  /// Returns the key that a cookie stands for; null if it is forged or has expired, or if the key was removed, was
  /// replaced or has expired. Valid during the lifetime of `keys`.
  const ApiKey* Find(std::string_view cookie, const ApiKeys& keys, std::chrono::system_clock::time_point now) const;

 private:
  std::string MacOf(const ApiKey& key, std::string_view expiry) const;
  Secret secret_;
};

/// Returns the value of the session's cookie in a Cookie header (RFC 6265, section 4.2.1); empty if there is none.
std::string_view SessionCookieIn(std::string_view header);

/// Returns the value of Set-Cookie that keeps a session, or, for an empty value, ends it. `secure`: the browser is to
/// send it by HTTPS alone.
std::string SetSessionCookie(std::string_view value, bool secure);

}  // namespace winnow

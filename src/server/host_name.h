/// The name under which a client knows the server: the Host header, and the Origin of a web page.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// A host and its port: "example.org" and "8080", or "::1" and "".
struct HostName {
  std::string host;         ///< name in lower case or address, without brackets
  std::string port;         ///< digits; empty: the default of the scheme
  bool is_address = false;  ///< true for an IPv4 or IPv6 address
};

/// Parses HOST, HOST:PORT or [IPV6]:PORT, the whole text (RFC 9110, section 7.2). Nothing for anything else: user
/// names, interfaces ("%eth0"), characters that no host name has. An empty text has an empty host, as RFC 9112, section
/// 3.2 allows.
std::optional<HostName> ParseHost(std::string_view text);

/// Parses the scheme, host and port of an Origin header, "http://example.org:8080"; nothing for "null" and for
/// anything else that is not an http or https origin.
std::optional<HostName> ParseOrigin(std::string_view origin);

/// Returns true if only browsers and programs on this machine reach a server by this name: localhost, 127.0.0.0/8, ::1.
bool IsLoopbackName(const HostName& name);

/// The names under which a server answers. A web page whose own name was made to lead to this machine (DNS rebinding)
/// sends that name in Host, and could otherwise read responses as if they were its own site's.
class AllowedHosts {
 public:
  /// Allows every name.
  AllowedHosts() = default;
  /// Allows loopback names, all addresses, since these cannot be rebound, and the names of the list; "*" allows every
  /// name.
  explicit AllowedHosts(std::vector<std::string> names);

  bool Allows(const HostName& name) const;

 private:
  bool any_ = true;
  std::vector<std::string> names_;  // in lower case
};

}  // namespace winnow

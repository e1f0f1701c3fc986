/// Whose requests come from behind a proxy: the proxies whose word on that is believed, and what they say.
///
/// A proxy appends the address that it was asked from to X-Forwarded-For, so that the list is to be believed from its
/// right end on for as long as who wrote it is trusted; what stands left of that the client may have made up
/// (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For, "Selecting an IP address").
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/address.h"

namespace winnow {

/// Thread-safe, since nothing changes it. One that is made without Parse trusts nobody.
class TrustedProxies {
 public:
  /// Each of them an address ("10.0.0.5", "2001:db8::1"), a network ("10.0.0.0/8", "2001:db8::/32"), "loopback"
  /// (127.0.0.0/8 and ::1) or "unix": whatever comes through a unix socket. An IPv4 address mapped into IPv6 is the
  /// IPv4 address. Error: kInvalidArgument, with advice; also of a network with bits behind its prefix, which would be
  /// wider than it looks.
  static Result<TrustedProxies> Parse(const std::vector<std::string>& entries);

  bool empty() const { return networks_.empty() && !unix_; }

  /// Whether one of them is at the other end of a connection: `peer` as in "192.0.2.1", "::1", "unix".
  bool Trusts(std::string_view peer) const;

  /// Where a request comes from that came from `peer` with these headers, whose names are in small letters: `peer`
  /// itself where it is not trusted. Else the first address of X-Forwarded-For, from its right end, that is not
  /// trusted, in the form that inet_ntop gives it; several headers of that name are one list. What is no address ends
  /// the search, as the left end does, and 64 addresses: then it is the last address that was seen, or `peer`.
  /// A port behind an address is taken off: "192.0.2.1:567", "[2001:db8::1]:567".
  std::string ClientOf(std::string_view peer, const std::vector<std::pair<std::string, std::string>>& headers) const;

 private:
  struct Network {
    AddressBytes first{};
    int bits = 0;  // of 128 that all its addresses share
  };

  static Result<Network> ParseNetwork(std::string_view entry);
  bool Contains(const AddressBytes& address) const;

  std::vector<Network> networks_;
  bool unix_ = false;
};

}  // namespace winnow

/// The proxies whose statements about the client's address are trusted, and the reading of these statements.
///
/// A proxy appends the address of its client to X-Forwarded-For. The list is therefore trustworthy from its right end
/// as far as the proxies that wrote it are trusted; entries to the left may have been made up by the client
/// (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For, "Selecting an IP address").
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/address.h"

namespace winnow {

/// A set of proxies. Immutable and thread-safe. A default-constructed set trusts nobody.
class TrustedProxies {
 public:
  /// Parses entries, each of which is an address ("10.0.0.5", "2001:db8::1"), a network ("10.0.0.0/8",
  /// "2001:db8::/32"), "loopback" (127.0.0.0/8 and ::1) or "unix" (all clients of a unix socket). An IPv4 address
  /// mapped into IPv6 is the IPv4 address. Errors: kInvalidArgument, with advice; also for a network with bits after
  /// its prefix, which would be larger than it looks.
  static Result<TrustedProxies> Parse(const std::vector<std::string>& entries);

  bool empty() const { return networks_.empty() && !unix_; }

  /// Returns true if `peer`, the other end of a connection as in "192.0.2.1", "::1" or "unix", is one of the proxies.
  bool Trusts(std::string_view peer) const;

  /// Returns the address of the client of a request that arrived from `peer` with these headers, whose names are in
  /// lower case: `peer` itself if it is not trusted, otherwise the rightmost address of X-Forwarded-For that is not
  /// trusted, in the form of inet_ntop. Several headers of that name are one list. The search ends at an entry that is
  /// not an address, at the left end, and after 64 addresses; the result is then the last address that was read, or
  /// `peer`. A port after an address is removed: "192.0.2.1:567", "[2001:db8::1]:567".
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

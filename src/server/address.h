/// Internet addresses, as far as access control and limits need them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// The bytes of an address in network order; an IPv4 address is mapped into IPv6 (::ffff:a.b.c.d).
using AddressBytes = std::array<uint8_t, 16>;

/// Parses "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; the interface of a link-local address ("fe80::1%eth0") is
/// ignored. Nothing for other texts: names, ports, blanks.
std::optional<AddressBytes> ReadAddress(std::string_view text);

/// Returns true if the address is an IPv4 address mapped into IPv6.
bool IsMapped(const AddressBytes& bytes);

/// Returns "192.0.2.1" for a mapped address, otherwise "2001:db8::1".
std::string AddressText(const AddressBytes& bytes);

/// Returns true if only programs on this machine can connect to the address or from it: 127.0.0.0/8, "::1",
/// "localhost", and unix sockets ("unix", "unix:PATH", "/PATH"). Everything else counts as public, including texts that
/// are not addresses: "0.0.0.0", "::", other names, "". Brackets around an IPv6 address are ignored, and an IPv4
/// address mapped into IPv6 is treated as IPv4.
bool IsLoopback(std::string_view host);

/// Returns the name of the client that limits count: an IPv4 address; for an IPv6 address its first 64 bits
/// ("2001:db8:1:2::/64"), since the owner of such a network has all its 2^64 addresses (RFC 6177); any other text
/// unchanged.
std::string AddressGroup(std::string_view address);

}  // namespace winnow

/// Internet addresses, as far as limits depend on them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// In the order that they are written; of IPv4 as mapped into IPv6 (::ffff:a.b.c.d).
using AddressBytes = std::array<uint8_t, 16>;

/// "192.0.2.1", "2001:db8::1", "[2001:db8::1]"; the interface of a link's own address ("fe80::1%eth0") is left out.
/// Nothing where it is no address: names, ports, blanks.
std::optional<AddressBytes> ReadAddress(std::string_view text);

/// Whether it is an IPv4 address.
bool IsMapped(const AddressBytes& bytes);

/// "192.0.2.1" or, of one that is not mapped, "2001:db8::1".
std::string AddressText(const AddressBytes& bytes);

/// Whether only programs of this machine can come from (or connect to) there: 127.0.0.0/8, "::1", "localhost", and unix
/// sockets: "unix", "unix:PATH", "/PATH". Everything else counts as public, what can't be read too: "0.0.0.0", "::",
/// other names, "". Brackets around an IPv6 address don't matter, nor does an IPv4 address mapped into IPv6.
bool IsLoopback(std::string_view host);

/// What limits count as one client: an IPv4 address; of an IPv6 address the first 64 bits ("2001:db8:1:2::/64"), since
/// whoever has one such network has all its 2^64 addresses (RFC 6177); anything else as it is.
std::string AddressGroup(std::string_view address);

}  // namespace winnow

#include "server/trusted_proxies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ranges>

#include "base/parse_number.h"
#include "server/header_values.h"

namespace winnow {
namespace {

constexpr std::string_view kForwardedFor = "x-forwarded-for";
constexpr std::string_view kUnix = "unix";
constexpr size_t kMostForwarded = 64;  // real chains are of two or three
constexpr int kAddressBits = 128;
constexpr int kMappedBits = 96;  // in front of an IPv4 address

/// Digits and nothing else.
std::optional<int> ReadNumber(std::string_view digits) {
  return digits.starts_with('-') ? std::nullopt : ParseNumber<int>(digits);
}

AddressBytes Prefix(const AddressBytes& address, int bits) {
  AddressBytes prefix{};
  const auto whole = static_cast<size_t>(bits / 8);
  std::copy_n(address.begin(), whole, prefix.begin());
  if (bits % 8 > 0) prefix[whole] = static_cast<uint8_t>(address[whole] & (0xff00 >> bits % 8));
  return prefix;
}

/// Without the port, where there is one. A bare IPv6 address has none: its last colon can't be told from a port's.
std::string_view WithoutPort(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || !ReadNumber(address.substr(colon + 1))) return address;
  const std::string_view host = address.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  return bracketed || host.find(':') == std::string_view::npos ? host : address;
}

/// The last of a list divided by commas, which is taken off it; without blanks. Nothing is left where it was the first.
std::string_view TakeLast(std::optional<std::string_view>& list) {
  const size_t comma = list->rfind(',');
  if (comma == std::string_view::npos) return TrimmedValue(*std::exchange(list, std::nullopt));
  const std::string_view last = TrimmedValue(list->substr(comma + 1));
  list = list->substr(0, comma);
  return last;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& entries) {
  TrustedProxies proxies;
  for (const std::string& entry : entries) {
    if (entry == kUnix) {
      proxies.unix_ = true;
    } else if (entry == "loopback") {
      for (const char* network : {"127.0.0.0/8", "::1"}) proxies.networks_.push_back(TRY(ParseNetwork(network)));
    } else {
      proxies.networks_.push_back(TRY(ParseNetwork(entry)));
    }
  }
  return proxies;
}

Result<TrustedProxies::Network> TrustedProxies::ParseNetwork(std::string_view entry) {
  const size_t slash = entry.find('/');
  const std::string_view host = entry.substr(0, slash);
  const std::optional<AddressBytes> address = ReadAddress(host);
  // With an interface ("fe80::1%eth0") it would be trusted on all others too.
  if (!address || host.find('%') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a valid proxy address", entry),
                "write an address (10.0.0.5), a network (10.0.0.0/8, 2001:db8::/32), loopback or unix");
  }
  if (slash == std::string_view::npos) return Network{*address, kAddressBits};
  const bool written_as_ipv4 = host.find(':') == std::string_view::npos;
  const int before = written_as_ipv4 ? kMappedBits : 0;
  const std::optional<int> bits = ReadNumber(entry.substr(slash + 1));
  if (!bits || *bits > kAddressBits - before) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}': the prefix length of a network must be a number from 0 to {}", entry,
                            kAddressBits - before));
  }
  const Network network{Prefix(*address, before + *bits), before + *bits};
  if (network.first != *address) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is an address with a network's prefix length", entry),
                fmt::format("write {}/{} for the network, or {} for the single address", AddressText(network.first),
                            network.bits - (IsMapped(network.first) ? kMappedBits : 0), host));
  }
  return network;
}

bool TrustedProxies::Contains(const AddressBytes& address) const {
  return std::ranges::any_of(networks_, [&](const Network& network) {
    // An IPv6 network that is wide enough to hold the mapped addresses, ::/0, doesn't mean IPv4.
    return IsMapped(network.first) == IsMapped(address) && Prefix(address, network.bits) == network.first;
  });
}

bool TrustedProxies::Trusts(std::string_view peer) const {
  if (peer == kUnix) return unix_;
  const std::optional<AddressBytes> address = ReadAddress(peer);
  return address && Contains(*address);
}

std::string TrustedProxies::ClientOf(std::string_view peer,
                                     const std::vector<std::pair<std::string, std::string>>& headers) const {
  std::string client(peer);
  if (!Trusts(peer)) return client;
  size_t seen = 0;
  for (const auto& [name, value] : std::views::reverse(headers)) {
    if (name != kForwardedFor) continue;
    for (std::optional<std::string_view> list = value; list;) {
      const std::optional<AddressBytes> address = ReadAddress(WithoutPort(TakeLast(list)));
      if (!address) return client;
      client = AddressText(*address);
      if (!Contains(*address) || ++seen == kMostForwarded) return client;
    }
  }
  return client;
}

}  // namespace winnow

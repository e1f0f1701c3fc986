#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "server/header_values.h"

namespace winnow {
namespace {

constexpr size_t kMappedBytes = 12;

}  // namespace

bool IsMapped(const AddressBytes& bytes) {
  constexpr std::array<uint8_t, kMappedBytes> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::optional<AddressBytes> ReadAddress(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  text = text.substr(0, text.find('%'));  // the interface of a link's own address
  AddressBytes bytes{};
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
  bytes = {};
  bytes[10] = bytes[11] = 0xff;
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data() + kMappedBytes) == 1) return bytes;
  return std::nullopt;
}

std::string AddressText(const AddressBytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IsMapped(bytes)) {
    ::inet_ntop(AF_INET, bytes.data() + kMappedBytes, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

bool IsLoopback(std::string_view host) {
  if (host == "unix" || host.starts_with("unix:") || host.starts_with('/')) return true;
  if (EqualsIgnoringCase(host, "localhost")) return true;
  const std::optional<AddressBytes> bytes = ReadAddress(host);
  if (!bytes) return false;
  if (IsMapped(*bytes)) return (*bytes)[kMappedBytes] == 127;
  AddressBytes one{};
  one.back() = 1;
  return *bytes == one;
}

std::string AddressGroup(std::string_view address) {
  std::optional<AddressBytes> bytes = ReadAddress(address);
  if (!bytes) return std::string(address);
  if (IsMapped(*bytes)) return AddressText(*bytes);
  std::fill(bytes->begin() + 8, bytes->end(), uint8_t{0});
  return AddressText(*bytes) + "/64";
}

}  // namespace winnow

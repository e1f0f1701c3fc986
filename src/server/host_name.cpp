#include "server/host_name.h"

#include <algorithm>

#include "base/ascii.h"
#include "server/address.h"
#include "server/header_values.h"

namespace winnow {
namespace {

constexpr size_t kMostPortDigits = 5;

bool IsNameCharacter(char c) { return IsAsciiDigit(c) || IsAsciiLower(c) || c == '-' || c == '.' || c == '_'; }

bool IsPort(std::string_view text) { return text.size() <= kMostPortDigits && AreAsciiDigits(text); }

/// "::1" of "[::1]:80", and the rest, ":80"; nothing if the brackets hold no IPv6 address.
std::optional<HostName> ParseBracketed(std::string_view text) {
  const size_t end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view address = text.substr(1, end - 1);
  const std::string_view rest = text.substr(end + 1);
  const bool plain = address.contains(':') && !address.contains('%') && ReadAddress(address).has_value();
  if (!plain || (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1))))) return std::nullopt;
  return HostName{
      .host = std::string(address), .port = std::string(rest.substr(rest.empty() ? 0 : 1)), .is_address = true};
}

}  // namespace

std::optional<HostName> ParseHost(std::string_view text) {
  if (text.starts_with('[')) return ParseBracketed(text);
  const size_t colon = std::min(text.find(':'), text.size());
  HostName name = {.host = LowerAscii(text.substr(0, colon)),
                   .port = std::string(text.substr(std::min(colon + 1, text.size())))};
  if (!std::ranges::all_of(name.host, IsNameCharacter) || !IsPort(name.port)) return std::nullopt;
  if (name.host.empty() && colon < text.size()) return std::nullopt;
  name.is_address = ReadAddress(name.host).has_value();
  return name;
}

std::optional<HostName> ParseOrigin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoringCase(origin.substr(0, scheme.size()), scheme)) continue;
    auto name = ParseHost(origin.substr(scheme.size()));
    return name && !name->host.empty() ? name : std::nullopt;
  }
  return std::nullopt;
}

bool IsLoopbackName(const HostName& name) { return name.is_address ? IsLoopback(name.host) : name.host == "localhost"; }

AllowedHosts::AllowedHosts(std::vector<std::string> names) : any_(false), names_(std::move(names)) {
  for (std::string& name : names_) name = LowerAscii(name);
  any_ = std::ranges::find(names_, "*") != names_.end();
}

bool AllowedHosts::Allows(const HostName& name) const {
  return any_ || name.host.empty() || name.is_address || IsLoopbackName(name) ||
         std::ranges::find(names_, name.host) != names_.end();
}

}  // namespace winnow

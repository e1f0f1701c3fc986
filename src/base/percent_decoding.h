/// Percent-encoding of URLs (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Returns the decoded part of a URL, or nothing for an invalid sequence and for a zero byte, which no path, host name
/// or password can contain.
std::optional<std::string> PercentDecoded(std::string_view text);

}  // namespace winnow

/// Percent-encoding of URLs (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Returns the decoded part of a URL, or nothing for an invalid sequence and for a zero byte, which no path, host name
/// or password can contain.
std::optional<std::string> PercentDecoded(std::string_view text);

/// Returns `text` with every byte encoded, except letters, digits, "-", ".", "_" and "~" (section 2.3) and the bytes of
/// `kept`: of a path, for example, "/".
std::string PercentEncoded(std::string_view text, std::string_view kept = {});

}  // namespace winnow

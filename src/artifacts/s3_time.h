/// Points in time as S3 writes and reads them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace winnow {

using S3Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Returns the time in the form that requests are signed with: "20130524T000000Z".
std::string AmzDate(S3Time time);

/// Reads ISO 8601 in UTC, as listings and credentials have it: "2009-10-12T17:50:30.000Z", "2009-10-12T17:50:30Z".
std::optional<S3Time> ParseIsoTime(std::string_view text);

/// Reads the date of a response's header (RFC 9110, section 5.6.7): "Fri, 24 May 2013 00:00:00 GMT".
std::optional<S3Time> ParseHttpDate(std::string_view text);

}  // namespace winnow

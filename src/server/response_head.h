/// The bytes of a response in front of its body.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "server/http.h"

namespace winnow {

/// Returns a point in time as the header Date has it (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
std::string HttpDate(std::chrono::system_clock::time_point time);

/// Returns the status line and the headers of a response, as they are sent at the present time.
std::string HeaderBytes(const HttpResponse& response, std::string_view request_id, bool version_1_0, bool keep_alive);

/// Returns true if the body becomes smaller by compression, and is not compressed yet.
bool IsWorthPacking(const HttpResponse& response);

/// Compresses the body, and says so in the headers.
void Pack(HttpResponse& response);

}  // namespace winnow

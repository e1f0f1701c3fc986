/// The bytes of a response in front of its body.
#pragma once

#include <string>
#include <string_view>

#include "server/http.h"

namespace winnow {

/// Returns the status line and the headers of a response, as they are sent.
std::string HeaderBytes(const HttpResponse& response, std::string_view request_id, bool version_1_0, bool keep_alive);

/// Returns true if the body becomes smaller by compression, and is not compressed yet.
bool IsWorthPacking(const HttpResponse& response);

/// Compresses the body, and says so in the headers.
void Pack(HttpResponse& response);

}  // namespace winnow

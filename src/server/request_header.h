/// The header of an HTTP/1.1 request in raw bytes, checked against RFC 9112 before the HTTP library reads it.
///
/// The library accepts what a lenient server may: folded lines, several transfer codings, equal lengths given twice.
/// A proxy in front may understand such a header in another way, and see other requests in the same bytes (request
/// smuggling), so that this server accepts one meaning only.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "server/api_error.h"

namespace winnow {

/// Returns the length of the header that `bytes` begin with, including the empty line that ends it; nothing if that
/// line has not arrived yet.
std::optional<size_t> HeaderLength(std::string_view bytes);

/// Returns the error of a header, from the request line to the empty line that ends it; nothing if it is valid. Status
/// 501 for a transfer coding other than chunked, 505 for a version other than 1.0 and 1.1, 400 for everything else: a
/// line feed without a carriage return, a folded line, control characters, a name that is not a token, Content-Length
/// together with Transfer-Encoding, either of them twice, Transfer-Encoding in HTTP/1.0, a missing, second or
/// malformed Host.
std::optional<ApiError> HeaderError(std::string_view header);

/// Returns the error that makes waiting for the rest of a header pointless: a method that is not a token, or a line
/// feed without a carriage return.
std::optional<ApiError> PartialHeaderError(std::string_view bytes);

/// Returns the error of the trailers of a chunked body, lines that each end with CR LF; nothing if they are valid.
/// They are dropped, but a proxy may read a folded line of theirs in another way, as one of the header.
std::optional<ApiError> TrailersError(std::string_view trailers);

}  // namespace winnow

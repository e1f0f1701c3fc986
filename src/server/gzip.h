/// Compression of request and response bodies.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Returns a gzip stream (RFC 1952) of `data`, compressed for speed rather than size.
std::string Gzip(std::string_view data);

/// Returns the uncompressed contents of `data`, which may be several streams in a row. Errors: kInvalidData for damaged
/// or incomplete data; kUnsupported for contents of more than `most` bytes.
Result<std::string> Gunzip(std::string_view data, size_t most);

/// Returns true if an Accept-Encoding header (RFC 9110, 12.5.3) accepts gzip.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace winnow

/// Bodies that travel packed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// A gzip stream (RFC 1952) of `data`, packed fast rather than small.
std::string Gzip(std::string_view data);

/// What is packed in `data`, which may be several streams in a row. Errors: kInvalidData of what is damaged or cut;
/// kUnsupported of what has more than `most` bytes.
Result<std::string> Gunzip(std::string_view data, size_t most);

/// Whether an Accept-Encoding header (RFC 9110, 12.5.3) takes gzip.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace winnow

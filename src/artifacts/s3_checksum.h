/// Checksums in the forms that S3 takes and returns them in.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns the MD5 of bytes: 32 lower-case hexadecimal digits; empty if OpenSSL is not allowed to compute MD5.
std::string Md5(std::string_view bytes);

/// Returns the base64 (RFC 4648, section 4) of bytes that are given as lower-case hexadecimal digits.
std::string Base64OfHex(std::string_view hex);

}  // namespace winnow

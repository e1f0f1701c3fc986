/// Checksums in the forms that S3 takes and returns them in.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// The checksums of a body, or of a part of a file.
struct S3Checksums {
  std::string sha256;  ///< 64 lower-case hexadecimal digits
  std::string md5;     ///< 32 of them; empty if OpenSSL is not allowed to compute MD5
};

S3Checksums ChecksumsOf(std::string_view bytes);

/// Returns the base64 (RFC 4648, section 4) of bytes that are given as lower-case hexadecimal digits.
std::string Base64OfHex(std::string_view hex);

}  // namespace winnow

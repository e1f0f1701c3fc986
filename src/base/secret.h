/// Cryptographic helpers for secrets, over OpenSSL: unpredictable random bytes and constant-time comparison.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// `bytes` random ones from the system's generator, as lower-case hexadecimal. Errors: kIo when it has none to give.
/// Thread-safe.
Result<std::string> RandomHex(size_t bytes);

/// Returns random bytes encoded as base64url without padding (RFC 4648, section 5): 43 characters for 32 bytes.
Result<std::string> RandomBase64Url(size_t bytes);

/// Whether both are the same, in a time that depends on their lengths alone: who measures it can't find a secret byte
/// by byte.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace winnow

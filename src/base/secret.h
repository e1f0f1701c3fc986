/// Secrets, and cryptographic helpers for them, over OpenSSL: unpredictable random bytes, message authentication codes,
/// and constant-time comparison.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace winnow {

/// A text that must not be printed, such as a password or an access key. It has no conversion to text and no formatter,
/// so that it cannot get into a message by mistake, and its memory is overwritten when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  ~Secret();

  bool empty() const { return text_.empty(); }
  /// Returns the text, for the one place that needs it.
  const std::string& Reveal() const { return text_; }
  /// Returns `message` with each occurrence of the secret replaced by "***". Secrets of fewer than 4 characters are not
  /// searched for.
  std::string Redact(std::string message) const;

 private:
  void Wipe();

  std::string text_;
};

/// Returns `bytes` random bytes of the system's generator as lower-case hexadecimal. Errors: kIo if the generator
/// fails. Thread-safe.
Result<std::string> RandomHex(size_t bytes);

/// Returns `bytes` random bytes encoded as base64url without padding (RFC 4648, section 5): 43 characters for 32 bytes.
Result<std::string> RandomBase64Url(size_t bytes);

/// Returns HMAC-SHA-256 (RFC 2104) of a message under a key, which may be of any length: 32 bytes. Empty if OpenSSL
/// fails for lack of memory.
std::string HmacSha256(std::string_view key, std::string_view message);

/// Returns true if `a` and `b` are equal. The time depends on their lengths alone, so that measuring it does not reveal
/// a secret byte by byte.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace winnow

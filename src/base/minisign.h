/// Signatures in the form of minisign (jedisct1.github.io/minisign): Ed25519 over a file or over its BLAKE2b-512
/// digest. Winnow verifies such signatures and makes none. Over OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// A public key. minisign writes it as base64 of "Ed", eight bytes of key id and the 32 bytes of the key.
struct MinisignKey {
  std::array<uint8_t, 8> id{};
  std::array<uint8_t, 32> key{};

  /// Returns the id as minisign prints it: 16 hexadecimal digits.
  std::string IdText() const;
  bool operator==(const MinisignKey&) const = default;
};

/// The contents of a .minisig file.
struct MinisignSignature {
  bool prehashed =
      true;  ///< true ("ED") if the BLAKE2b-512 digest was signed, false ("Ed") if the bytes themselves were
  std::array<uint8_t, 8> key_id{};
  std::array<uint8_t, 64> signature{};
  std::string trusted_comment;                  ///< comment that the second signature covers
  std::array<uint8_t, 64> comment_signature{};  ///< signature over `signature` and `trusted_comment`
};

/// Parses a public key: its base64, or the contents of a .pub file, in which a line of comment precedes it. `where` is
/// the beginning of error messages. Errors: kInvalidArgument.
Result<MinisignKey> ParseMinisignKey(std::string_view text, std::string_view where);

/// Returns the public key that an option specifies: the key itself in base64, or the name of a .pub file. Errors:
/// kInvalidArgument, kNotFound, kIo.
Result<MinisignKey> FindMinisignKey(const std::string& key_or_file);

/// Parses a .minisig file: four lines, the first and the third of which are comments. Errors: kInvalidModel.
Result<MinisignSignature> ParseMinisignSignature(std::string_view text, std::string_view where);

/// Checks that `key` has signed `message` and the trusted comment. Errors: kInvalidModel if another key has signed it
/// or either signature does not match; kInternal if OpenSSL lacks the algorithms.
Result<void> VerifyMinisign(std::string_view message, const MinisignSignature& signature, const MinisignKey& key,
                            std::string_view where);

}  // namespace winnow

/// API keys in a file with one key per line, which can be read and edited by hand.
///
///     # name   role      hash                    what limits it
///     web      classify  sha256:SALT:DIGEST      requests_per_minute=600 burst=50 expires=2027-01-31
///     trainer  admin     sha256:SALT:DIGEST      # Anna's
///
/// A key is "wk_" and 43 characters of base64url: 32 random bytes. The file contains only its digest, SHA-256 of the
/// salt's characters followed by the key's. One round of SHA-256 is sufficient, unlike for passwords, since 256 random
/// bits cannot be guessed at any speed. The salt prevents the comparison of lists of digests; 'winnow keys add' uses
/// the same salt for all keys of a file, so that a request costs one digest, whatever the number of keys.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/role.h"

namespace winnow {

struct ApiKey {
  std::string name;  ///< name for logs, of 1 to 64 letters, digits, '.', '_' and '-'
  Role role = Role::kClassify;
  std::optional<int> requests_per_minute = {};  ///< rate limit of the key; nothing: the server's own limit
  std::optional<int> burst = {};                ///< maximum number of requests at once; nothing: those of a minute
  std::optional<std::chrono::sys_days> last_day = {};  ///< "expires": the last day, UTC, on which the key is valid
  std::string salt = {}, digest = {};                  ///< salt and digest in lower-case hexadecimal
  size_t line = 0;                                     ///< line number in the file, from 1

  bool ExpiredAt(std::chrono::system_clock::time_point now) const {
    return last_day && now >= *last_day + std::chrono::days(1);
  }
};

/// The keys of one file. Immutable: to read the file again, create another object. Thread-safe.
class ApiKeys {
 public:
  /// Reads a file. Warns of a file that anybody can read. Errors: ReadSecretFile's (base/files.h), including that for a
  /// file that others than its owner can write; kInvalidData with the line and the expected form. No error quotes a key
  /// or a digest.
  static Result<ApiKeys> Read(const std::filesystem::path& path);
  /// Parses the contents of a file. `where` is the beginning of error messages. Errors: kInvalidData.
  static Result<ApiKeys> Parse(std::string_view text, std::string_view where);

  /// Returns the key with this secret; null if there is none or it has expired. The time of the search reveals neither
  /// how much of `secret` is right nor of which key. Valid during the lifetime of this object.
  const ApiKey* Find(std::string_view secret,
                     std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) const;

  /// Returns the keys in the order of the file.
  const std::vector<ApiKey>& keys() const { return keys_; }

 private:
  std::vector<ApiKey> keys_;
};

/// Maximum size of a file of keys; a larger file is refused.
inline constexpr size_t kMaxApiKeysBytes = 4 << 20;

/// Returns true if the text has the form of a key.
bool IsApiKeySecret(std::string_view text);

/// Parses "2027-01-31"; nothing for a text that is not a day of the calendar.
std::optional<std::chrono::sys_days> ParseDay(std::string_view text);
std::string DayText(std::chrono::sys_days day);

/// The contents of a file after a key was added. The rest of the file, including comments, is unchanged.
struct AddedApiKey {
  std::string contents;
  std::string secret;  ///< secret of the new key, which is shown once and stored nowhere
};
/// Adds a key to the contents of a file. `text` is empty for a new file. Salt and digest of `key` are generated.
/// Errors: Parse's; kInvalidArgument for a name or limit that a line cannot represent; kExists if the name is taken;
/// kIo without random bytes.
Result<AddedApiKey> AddApiKey(std::string_view text, std::string_view where, ApiKey key);

/// Returns the contents without the line of that key. Errors: Parse's; kNotFound.
Result<std::string> RemoveApiKey(std::string_view text, std::string_view where, std::string_view name);

}  // namespace winnow

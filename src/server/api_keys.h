/// API keys, as a file holds them: a line a key, to be read and edited by hand.
///
///     # name   role      hash                    what limits it
///     web      classify  sha256:SALT:DIGEST      requests_per_minute=600 burst=50 expires=2027-01-31
///     trainer  admin     sha256:SALT:DIGEST      # Anna's
///
/// A key is "wk_" and 43 characters of base64url: 32 random bytes. The file holds its digest alone, SHA-256 of the
/// salt's characters followed by the key's. One round of SHA-256 is enough, where passwords need a slow hash: nobody
/// guesses 256 random bits, however fast they try. The salt is there so that lists of digests can't be compared;
/// 'winnow keys add' takes the same one for all keys of a file, so that a request costs one digest, whatever the number
/// of keys.
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
  std::string name;  ///< of 1 to 64 letters, digits, '.', '_' and '-'; for logs
  Role role = Role::kClassify;
  std::optional<int> requests_per_minute = {};         ///< nothing: the server's own limit
  std::optional<int> burst = {};                       ///< of them at once; nothing: a minute's worth
  std::optional<std::chrono::sys_days> last_day = {};  ///< "expires": the last day, UTC, on which it is valid
  std::string salt = {}, digest = {};                  ///< lower-case hexadecimal
  size_t line = 0;                                     ///< of the file, from 1

  bool ExpiredAt(std::chrono::system_clock::time_point now) const {
    return last_day && now >= *last_day + std::chrono::days(1);
  }
};

/// The keys of one file. Doesn't change: to read the file again, make another. Thread-safe.
class ApiKeys {
 public:
  /// A file that anybody can read is warned of. Errors: ReadSecretFile's (base/files.h), so also where others than its
  /// owner can write it; kInvalidData with the line, and with what was expected. No error quotes a key or a digest.
  static Result<ApiKeys> Read(const std::filesystem::path& path);
  /// The same of a file's contents; `where` opens the messages.
  static Result<ApiKeys> Parse(std::string_view text, std::string_view where);

  /// The key whose secret it is; null for none, and for one that has expired. The time it takes doesn't tell how much
  /// of `secret` is right, nor of which key. Valid as long as this object.
  const ApiKey* Find(std::string_view secret,
                     std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) const;

  /// In the order of the file.
  const std::vector<ApiKey>& keys() const { return keys_; }

 private:
  std::vector<ApiKey> keys_;
};

/// A file that is larger is none of keys.
inline constexpr size_t kMaxApiKeysBytes = 4 << 20;

/// Whether it has the form of a key.
bool IsApiKeySecret(std::string_view text);

/// "2027-01-31"; nothing for what is no day of the calendar.
std::optional<std::chrono::sys_days> ParseDay(std::string_view text);
std::string DayText(std::chrono::sys_days day);

/// A file's contents with one key more. Everything else of the file stays as it is, comments too.
struct AddedApiKey {
  std::string contents;
  std::string secret;  ///< told once, and kept nowhere
};
/// `text` is empty for a new file. Salt and digest of `key` are made here. Errors: Parse's; kInvalidArgument for a name
/// or limit that no line can hold; kExists when the name is taken; kIo without random bytes.
Result<AddedApiKey> AddApiKey(std::string_view text, std::string_view where, ApiKey key);

/// The contents without the line of that key. Errors: Parse's; kNotFound.
Result<std::string> RemoveApiKey(std::string_view text, std::string_view where, std::string_view name);

}  // namespace winnow

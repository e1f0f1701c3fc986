#include "store/mac_key.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "base/log.h"

namespace winnow {
namespace {

constexpr size_t kLeastBytes = 32;  // as many as HMAC-SHA-256 has (RFC 2104, section 3)
constexpr size_t kMostBytes = 4096;

}  // namespace

Result<std::string> ReadMacKey(const std::filesystem::path& path) {
  SecretFile file = TRY(ReadSecretFile(path, kMostBytes));
  std::string key = std::move(file.contents);
  key.resize(key.find_last_not_of("\r\n\t ") + 1);
  if (key.size() < kLeastBytes) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: the key has {} bytes; at least {} are needed", path.string(), key.size(), kLeastBytes),
                fmt::format("make a key with 'openssl rand -hex 32 > {}'", path.string()));
  }
  if (file.others_read) {
    LogWarning("{}: every user of this machine can read the key; restrict access with 'chmod 600 {}'", path.string(),
               path.string());
  }
  return key;
}

}  // namespace winnow

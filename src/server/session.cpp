#include "server/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/hexadecimal.h"
#include "base/parse_number.h"
#include "server/header_values.h"

namespace winnow {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kMostFileBytes = 4096;

int64_t SecondsOf(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Result<Sessions> Sessions::Open(const std::filesystem::path& file) {
  if (file.empty()) return Sessions(Secret(TRY(RandomHex(kSecretBytes))));
  // A secret that exists is only read, so that a server starts on a full disk.
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    TRY(UpdateSecretFile(file, kMostFileBytes, [](const std::optional<std::string>& contents) -> Result<std::string> {
      if (contents) return *contents;  // another process was faster
      return TRY(RandomHex(kSecretBytes)) + "\n";
    }));
  }
  SecretFile read = TRY(ReadSecretFile(file, kMostFileBytes));
  if (read.contents.size() < 2 * kSecretBytes) {
    return Fail(ErrorCode::kInvalidData, file.string() + ": the secret of the sessions is too short",
                "remove the file; a new secret is then made, and everybody signs in again");
  }
  return Sessions(Secret(std::move(read.contents)));
}

std::string Sessions::MacOf(const ApiKey& key, std::string_view expiry) const {
  // No part contains a line end, so that different parts never make the same message.
  const std::string message = fmt::format("winnow session 1\n{}\n{}\n{}\n{}", key.name, expiry, key.salt, key.digest);
  return Hexadecimal(HmacSha256(secret_.Reveal(), message));
}

std::string Sessions::Issue(const ApiKey& key, std::chrono::system_clock::time_point now) const {
  const std::string expiry = std::to_string(SecondsOf(now + kSessionLifetime));
  return fmt::format("{}:{}:{}", expiry, MacOf(key, expiry), key.name);
}

const ApiKey* Sessions::Find(std::string_view cookie, const ApiKeys& keys,
                             std::chrono::system_clock::time_point now) const {
  const size_t first = cookie.find(':');
  const size_t second = first == std::string_view::npos ? first : cookie.find(':', first + 1);
  if (second == std::string_view::npos) return nullptr;
  const std::string_view expiry = cookie.substr(0, first);
  const std::string_view mac = cookie.substr(first + 1, second - first - 1), name = cookie.substr(second + 1);
  const std::optional<int64_t> expires = ParseNumber<int64_t>(expiry);
  if (!expires) return nullptr;
  const auto key = std::ranges::find(keys.keys(), name, &ApiKey::name);
  if (key == keys.keys().end()) return nullptr;
  const std::string expected = MacOf(*key, expiry);
  // An empty code is that of a failure for lack of memory.
  const bool valid = !secret_.empty() && !expected.empty() && ConstantTimeEqual(mac, expected);
  return valid && SecondsOf(now) < *expires && !key->ExpiredAt(now) ? &*key : nullptr;
}

std::string_view SessionCookieIn(std::string_view header) {
  constexpr std::string_view kName = kSessionCookie;
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    const std::string_view pair = TrimmedValue(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    if (pair.size() > kName.size() && pair.starts_with(kName) && pair[kName.size()] == '=') {
      return pair.substr(kName.size() + 1);
    }
  }
  return {};
}

std::string SetSessionCookie(std::string_view value, bool secure) {
  const int64_t seconds = value.empty() ? 0 : std::chrono::seconds(kSessionLifetime).count();
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", kSessionCookie, value, seconds,
                     secure ? "; Secure" : "");
}

}  // namespace winnow

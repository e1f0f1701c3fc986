#include "server/api_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/parse_number.h"
#include "base/secret.h"
#include "base/suggest.h"

namespace winnow {
namespace {

constexpr std::string_view kPrefix = "wk_";
constexpr size_t kSecretBytes = 32, kSecretCharacters = 43;
constexpr size_t kSaltBytes = 16;
constexpr size_t kMaxSaltDigits = 128, kDigestDigits = 64;
constexpr size_t kMaxName = 64;
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kHashName = "sha256:";
constexpr char kLineForm[] =
    "the format of a line is NAME ROLE sha256:SALT:DIGEST [requests_per_minute=N] [burst=N] "
    "[expires=YYYY-MM-DD]; add lines with 'winnow keys add'";
constexpr char kFileHeading[] =
    "# API keys of 'winnow serve', one per line: "
    "NAME ROLE HASH [requests_per_minute=N] [burst=N] [expires=YYYY-MM-DD]\n"
    "# Roles: classify: predictions and metrics; feedback: also corrections, and labels in reviews; admin: "
    "everything, such as models, jobs, data files and rules. "
    "This file contains only the hashes of the keys.\n";

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && !text.starts_with(kPrefix) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAsciiAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

/// A word of the file, for a message; nothing that could be a key or a digest that slipped into the wrong column.
std::string Shown(std::string_view word) {
  constexpr size_t kShort = 24;
  if (word.find(kPrefix) != std::string_view::npos || word.size() > kShort) return "the given value";
  return "'" + Printable(word) + "'";
}

/// The words of a line, up to a comment.
std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == '#') return words;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(kBlanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<int> PositiveNumber(std::string_view text) {
  const std::optional<int> value = ParseNumber<int>(text);
  return value && *value >= 1 ? value : std::nullopt;
}

/// Reads the hash of a key. Returns the reason why it is not valid, or "".
std::string ReadHash(std::string_view word, ApiKey& key) {
  if (word.starts_with(kPrefix)) return "this is the key itself; the file must contain only its hash";
  if (!word.starts_with(kHashName)) return "the third word is not a valid hash";
  word.remove_prefix(kHashName.size());
  const size_t colon = word.find(':');
  if (colon == std::string_view::npos) return "the hash has no salt or no digest";
  key.salt = word.substr(0, colon);
  key.digest = word.substr(colon + 1);
  if (key.salt.empty() || key.salt.size() > kMaxSaltDigits || !IsHexDigest(key.salt, key.salt.size()))
    return fmt::format("the salt must be 1 to {} lower-case hexadecimal digits", kMaxSaltDigits);
  if (!IsHexDigest(key.digest, kDigestDigits))
    return fmt::format("the digest must be {} lower-case hexadecimal digits, but has {} characters", kDigestDigits,
                       key.digest.size());
  return {};
}

/// Fills an optional that must be empty yet; what is wrong, or "".
template <typename T>
std::string SetOnce(std::optional<T>& field, std::optional<T> value, std::string_view name, std::string_view expected) {
  if (field) return fmt::format("'{}' is specified twice", name);
  if (!value) return fmt::format("'{}' must be {}", name, expected);
  field = value;
  return {};
}

/// "burst=50"; what is wrong, or "".
std::string ReadSetting(std::string_view word, ApiKey& key) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos) return Shown(word) + " is not a setting of the form NAME=VALUE";
  constexpr size_t kLongEnough = 32;  // for any name, and short enough to look for what was meant
  std::string name(word.substr(0, std::min(equals, kLongEnough)));
  std::replace(name.begin(), name.end(), '-', '_');
  const std::string_view value = word.substr(equals + 1);
  constexpr std::string_view kNumber = "a whole number of at least 1";
  if (name == "requests_per_minute") return SetOnce(key.requests_per_minute, PositiveNumber(value), name, kNumber);
  if (name == "burst") return SetOnce(key.burst, PositiveNumber(value), name, kNumber);
  if (name == "expires") return SetOnce(key.last_day, ParseDay(value), name, "a day, YYYY-MM-DD");
  const std::vector<std::string> names = {"requests_per_minute", "burst", "expires"};
  return fmt::format("unknown setting {}: {}", Shown(name),
                     DidYouMean(name, names, "the settings are requests_per_minute, burst and expires"));
}

/// Reads the words of a line. Returns the reason why they are not valid, or "".
std::string ReadLine(const std::vector<std::string_view>& words, ApiKey& key) {
  if (words.size() < 3)
    return fmt::format("the line has {} word{}, but NAME, ROLE and HASH are required", words.size(),
                       words.size() == 1 ? "" : "s");
  if (!IsName(words[0])) {
    return fmt::format("{} is not a valid name, which consists of 1 to {} letters, digits, '.', '_' and '-'",
                       Shown(words[0]), kMaxName);
  }
  key.name = words[0];
  const std::optional<Role> role = ParseRole(words[1]);
  if (!role) return Shown(words[1]) + " is not a valid role; the roles are classify, feedback and admin";
  key.role = *role;
  if (std::string wrong = ReadHash(words[2], key); !wrong.empty()) return wrong;
  for (size_t i = 3; i < words.size(); ++i) {
    if (std::string wrong = ReadSetting(words[i], key); !wrong.empty()) return wrong;
  }
  if (key.burst && !key.requests_per_minute) return "'burst' requires 'requests_per_minute'";
  return {};
}

std::string LineOf(const ApiKey& key) {
  std::string line = fmt::format("{} {} {}{}:{}", key.name, RoleName(key.role), kHashName, key.salt, key.digest);
  if (key.requests_per_minute) line += fmt::format(" requests_per_minute={}", *key.requests_per_minute);
  if (key.burst) line += fmt::format(" burst={}", *key.burst);
  if (key.last_day) line += " expires=" + DayText(*key.last_day);
  return line + "\n";
}

std::string DigestOf(std::string_view salt, std::string_view secret) {
  Hasher hasher(Hasher::Kind::kSha256);
  hasher.Update(salt);
  hasher.Update(secret);
  return hasher.Hex();
}

}  // namespace

Result<ApiKeys> ApiKeys::Parse(std::string_view text, std::string_view where) {
  ApiKeys keys;
  std::set<std::string, std::less<>> names;
  std::set<std::pair<std::string, std::string>> hashes;
  text = WithoutByteOrderMark(text);
  for (size_t number = 1; !text.empty(); ++number) {
    const std::vector<std::string_view> words = Words(TakeLine(text));
    if (words.empty()) continue;
    ApiKey key;
    key.line = number;
    std::string wrong = ReadLine(words, key);
    if (wrong.empty() && !names.insert(key.name).second) wrong = "the name '" + key.name + "' is used twice";
    if (wrong.empty() && !hashes.emplace(key.salt, key.digest).second)
      wrong = "another line has the same hash, so the owner of the key is ambiguous";
    if (!wrong.empty()) {
      return Fail(ErrorCode::kInvalidData, fmt::format("{}, line {}: {}", where, number, wrong), kLineForm);
    }
    keys.keys_.push_back(std::move(key));
  }
  return keys;
}

Result<ApiKeys> ApiKeys::Read(const std::filesystem::path& path) {
  Result<SecretFile> file = ReadSecretFile(path, kMaxApiKeysBytes);
  if (!file) {
    Error error = std::move(file).error();
    if (error.code == ErrorCode::kNotFound) error.hint = "'winnow keys add FILE --name NAME' creates a file of keys";
    return std::unexpected(std::move(error));
  }
  ApiKeys keys = TRY(Parse(file->contents, path.string()));
  if (file->others_read)
    LogWarning("{}: the file is readable by all users of this machine; run chmod o-r", path.string());
  return keys;
}

const ApiKey* ApiKeys::Find(std::string_view secret, std::chrono::system_clock::time_point now) const {
  if (!IsApiKeySecret(secret)) return nullptr;
  const ApiKey* found = nullptr;
  std::string_view salt;
  std::string digest;
  for (const ApiKey& key : keys_) {
    if (key.salt != salt) {
      salt = key.salt;
      digest = DigestOf(salt, secret);
    }
    // All are compared, whichever it is.
    if (ConstantTimeEqual(key.digest, digest)) found = &key;
  }
  return found == nullptr || found->ExpiredAt(now) ? nullptr : found;
}

bool IsApiKeySecret(std::string_view text) {
  return text.size() == kPrefix.size() + kSecretCharacters && text.starts_with(kPrefix) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsAsciiAlphanumeric(c) || c == '_' || c == '-'; });
}

std::optional<std::chrono::sys_days> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](size_t begin, size_t count) {
    const std::string_view digits = text.substr(begin, count);
    return AreAsciiDigits(digits) ? PositiveNumber(digits).value_or(0) : 0;
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2))));
  // Before 1970, and after what the clock's 64 bits of nanoseconds hold, is no day on which a key expires.
  if (!day.ok() || day.year() < std::chrono::year(1970) || day.year() > std::chrono::year(2200)) return std::nullopt;
  return std::chrono::sys_days(day);
}

std::string DayText(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Result<AddedApiKey> AddApiKey(std::string_view text, std::string_view where, ApiKey key) {
  const ApiKeys there = TRY(ApiKeys::Parse(text, where));
  if (!IsName(key.name)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} is not a valid name for a key", Shown(key.name)),
                fmt::format("a name consists of 1 to {} letters, digits, '.', '_' and '-', and does not begin with {}",
                            kMaxName, kPrefix));
  }
  if (key.burst && !key.requests_per_minute) {
    return Fail(ErrorCode::kInvalidArgument, "--burst requires --requests-per-minute",
                "the burst is the number of requests that may arrive at once within that rate");
  }
  for (const ApiKey& other : there.keys()) {
    if (other.name != key.name) continue;
    return Fail(
        ErrorCode::kExists, fmt::format("{}, line {}: a key named '{}' already exists", where, other.line, key.name),
        fmt::format("specify another name, or revoke the existing key: winnow keys revoke {} {}", where, key.name));
  }
  AddedApiKey added;
  added.secret = std::string(kPrefix) + TRY(RandomBase64Url(kSecretBytes));
  key.salt = there.keys().empty() ? TRY(RandomHex(kSaltBytes)) : there.keys().back().salt;
  key.digest = DigestOf(key.salt, added.secret);
  if (!IsHexDigest(key.digest, kDigestDigits)) return Fail(ErrorCode::kInternal, "SHA-256 returned no digest");
  added.contents = text.empty() ? std::string_view(kFileHeading) : text;
  if (!added.contents.ends_with('\n')) added.contents += '\n';
  added.contents += LineOf(key);
  return added;
}

Result<std::string> RemoveApiKey(std::string_view text, std::string_view where, std::string_view name) {
  const ApiKeys there = TRY(ApiKeys::Parse(text, where));
  std::vector<std::string> names;
  for (const ApiKey& key : there.keys()) {
    names.push_back(key.name);
    if (key.name != name) continue;
    size_t begin = 0;
    for (size_t line = 1; line < key.line; ++line) begin = text.find('\n', begin) + 1;
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    return std::string(text.substr(0, begin)) + std::string(text.substr(end));
  }
  return Fail(ErrorCode::kNotFound, fmt::format("{}: there is no key {}", where, Shown(name)),
              DidYouMean(name, names, fmt::format("'winnow keys list {}' lists them", where)));
}

}  // namespace winnow

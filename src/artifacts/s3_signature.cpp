#include "artifacts/s3_signature.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/hexadecimal.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

/// Values without spaces around them, and with one space in place of several.
std::string Trimmed(std::string_view value) {
  std::string trimmed;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t';
    if (space && (trimmed.empty() || trimmed.back() == ' ')) continue;
    trimmed += space ? ' ' : c;
  }
  if (trimmed.ends_with(' ')) trimmed.pop_back();
  return trimmed;
}

}  // namespace

std::string S3Query(const S3Pairs& query) {
  S3Pairs encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(PercentEncoded(name), PercentEncoded(value));
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [name, value] : encoded) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

std::string S3Authorization(const S3SignedRequest& request, const S3Keys& keys, std::string_view region, S3Time time,
                            std::string_view service) {
  S3Pairs headers = request.headers;
  std::ranges::sort(headers);
  std::string canonical_headers, names;
  for (const auto& [name, value] : headers) {
    canonical_headers += name + ":" + Trimmed(value) + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + request.path + "\n" + S3Query(request.query) + "\n" +
                                canonical_headers + "\n" + names + "\n" + request.payload;
  const std::string date = AmzDate(time);
  const std::string day = date.substr(0, date.find('T'));
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  const std::string text = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, Sha256(canonical));
  const Secret first("AWS4" + keys.secret_access_key.Reveal());
  std::string key = HmacSha256(first.Reveal(), day);
  key = HmacSha256(key, region);
  key = HmacSha256(key, service);
  key = HmacSha256(key, "aws4_request");
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", keys.access_key_id, scope,
                     names, Hexadecimal(HmacSha256(key, text)));
}

}  // namespace winnow

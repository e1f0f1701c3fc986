#include "artifacts/s3_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "artifacts/artifact_key.h"
#include "base/ascii.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

constexpr std::string_view kForm =
    "write s3://BUCKET/PREFIX/ or gs://BUCKET/PREFIX/, if needed with ?endpoint=https://HOST, &region=REGION, "
    "&profile=NAME or &addressing=path";

std::unexpected<Error> Bad(std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("the URL of the artifact store {}", what), std::string(kForm));
}

/// Names of buckets, also old ones of AWS and those of other services:
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
bool IsBucketName(std::string_view name) {
  return name.size() >= 3 && name.size() <= 255 && name != "..." &&
         std::ranges::all_of(name, [](char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

bool IsRegionName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::ranges::all_of(name, [](char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '_'; });
}

/// Takes one parameter of the URL's query.
Result<void> TakeParameter(std::string_view parameter, S3Address& address) {
  const size_t equals = std::min(parameter.find('='), parameter.size());
  const std::string_view name = parameter.substr(0, equals);
  const std::optional<std::string> value = PercentDecoded(parameter.substr(std::min(equals + 1, parameter.size())));
  if (!value || value->empty()) return Bad(fmt::format("has the parameter '{}' without a valid value", name));
  if (name == "endpoint") {
    const S3Endpoint endpoint = TRY(ParseS3Endpoint(*value));
    address.endpoint = endpoint.scheme + "://" + endpoint.host;
  } else if (name == "region") {
    if (!IsRegionName(*value)) return Bad("has a region that is not valid");
    address.region = *value;
  } else if (name == "profile") {
    address.profile = *value;
  } else if (name == "addressing" && *value == "path") {
    address.style = S3Address::kPath;
  } else if (name == "addressing" && *value == "virtual") {
    address.style = S3Address::kVirtualHost;
  } else if (name == "addressing") {
    return Bad("has a value of 'addressing' other than path or virtual");
  } else {
    // Not quoted with its value, which may be a secret.
    return Bad("has a parameter other than endpoint, region, profile and addressing");
  }
  return {};
}

}  // namespace

Result<S3Address> ParseS3Url(std::string_view url) {
  S3Address address;
  address.is_google = url.starts_with("gs://");
  if (!address.is_google && !url.starts_with("s3://")) return Bad("does not begin with s3:// or gs://");
  const size_t question = std::min(url.find('?'), url.size());
  const std::string_view place = url.substr(5, question - 5);
  const size_t slash = std::min(place.find('/'), place.size());
  const std::string_view bucket = place.substr(0, slash);
  if (bucket.find('@') != std::string_view::npos || bucket.find(':') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "the URL of the artifact store contains credentials or a port",
                "give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile, and the host by "
                "?endpoint=https://HOST:PORT");
  }
  if (!IsBucketName(bucket)) return Bad("does not name a valid bucket");
  address.bucket = bucket;
  std::optional<std::string> prefix = PercentDecoded(place.substr(std::min(slash + 1, place.size())));
  if (!prefix) return Bad("has a prefix that is not valid percent-encoding");
  if (!prefix->empty() && !prefix->ends_with('/')) *prefix += '/';
  if (const auto valid = CheckArtifactPrefix(*prefix); !valid || prefix->size() > 200)
    return Bad("has a prefix that is not a relative path of at most 200 bytes");
  address.prefix = *prefix;
  for (std::string_view query = url.substr(std::min(question + 1, url.size())); !query.empty();) {
    const size_t end = std::min(query.find('&'), query.size());
    TRY(TakeParameter(query.substr(0, end), address));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  address.name = fmt::format("{}://{}/{}", address.is_google ? "gs" : "s3", address.bucket, address.prefix);
  return address;
}

Result<S3Endpoint> ParseS3Endpoint(std::string_view url) {
  const auto bad = [] {
    return Fail(ErrorCode::kInvalidArgument, "the endpoint of the storage service is not valid",
                "write http[s]://HOST[:PORT], without a user, a path and parameters");
  };
  S3Endpoint endpoint;
  const size_t begin = url.find("://");
  if (begin == std::string_view::npos) return bad();
  endpoint.scheme = LowerAscii(url.substr(0, begin));
  if (endpoint.scheme != "http" && endpoint.scheme != "https") return bad();
  std::string_view host = url.substr(begin + 3);
  while (host.ends_with('/')) host.remove_suffix(1);
  const bool valid = !host.empty() && std::ranges::all_of(host, [](char c) {
    return IsAsciiAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
  });
  if (!valid) return bad();
  const std::string_view usual = endpoint.scheme == "https" ? ":443" : ":80";
  if (host.ends_with(usual)) host.remove_suffix(usual.size());
  endpoint.host = LowerAscii(host);
  return endpoint;
}

std::string AwsEndpoint(std::string_view region) {
  // https://docs.aws.amazon.com/general/latest/gr/s3.html; the regions of China have a domain of their own.
  return fmt::format("https://s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

}  // namespace winnow

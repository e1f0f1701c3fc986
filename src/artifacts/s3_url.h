/// Addresses of S3-compatible storage: the bucket and the prefix of a URL, and where its service answers.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct S3Address {
  std::string bucket;
  std::string prefix;      ///< empty, or ending with '/'
  bool is_google = false;  ///< gs://: Google Cloud Storage by its S3-compatible XML interface
  std::string endpoint;    ///< "https://host[:port]" without a slash at the end; empty: that of the environment or AWS
  std::string region;      ///< empty: that of the environment
  std::string profile;     ///< the profile of the credentials file; empty: that of the environment
  enum Style { kAutomatic, kPath, kVirtualHost } style = kAutomatic;  ///< where requests name the bucket
  std::string name;  ///< the URL for people and logs: without parameters
};

/// Parses s3://BUCKET[/PREFIX][?endpoint=URL&region=REGION&profile=NAME&addressing=path|virtual], and gs:// in the same
/// form. The prefix is percent-decoded. Errors: kInvalidArgument. Messages do not quote the URL if it may contain a
/// password: credentials in URLs are refused.
Result<S3Address> ParseS3Url(std::string_view url);

/// An endpoint, divided.
struct S3Endpoint {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< with the port, unless it is that of the scheme
};

/// Parses "http[s]://host[:port][/]". Errors: kInvalidArgument; the message does not quote it.
Result<S3Endpoint> ParseS3Endpoint(std::string_view url);

/// Returns the endpoint of AWS in a region: "https://s3.REGION.amazonaws.com".
std::string AwsEndpoint(std::string_view region);

}  // namespace winnow

/// What the environment and AWS's files say about a store: its profile, region and endpoint.
#pragma once

#include <string>

#include "artifacts/aws_profile.h"
#include "artifacts/s3_url.h"
#include "base/result.h"

namespace winnow {

struct AwsSettings {
  std::string profile_name;
  bool profile_chosen = false;  ///< true if the URL names the profile, so that it goes before the environment's keys
  AwsProfile profile;           ///< the settings of both files; for a setting in both, that of the credentials file
  std::string region;
  std::string endpoint;  ///< "https://host[:port]"
  bool path_style = true;
};

/// Reads AWS_PROFILE and the files ~/.aws/credentials and ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE),
/// and decides the region (the URL's, AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1; for gs:// the URL's or
/// auto) and the endpoint (the URL's, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's endpoint_url, AWS's own; for
/// gs:// the URL's or https://storage.googleapis.com). Buckets are named in the path of an endpoint that was given, of
/// Google's, and for buckets whose names do not fit into a host name; in the host name otherwise.
/// Errors: kNotFound for a profile that was named and does not exist; kInvalidData, kIo for a file that cannot be read;
/// kInvalidArgument for an endpoint that is not valid.
Result<AwsSettings> ReadAwsSettings(const S3Address& address);

}  // namespace winnow

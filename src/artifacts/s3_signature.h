/// Signatures of requests to S3 by AWS Signature Version 4, over OpenSSL's HMAC. Not by libcurl's CURLOPT_AWS_SIGV4:
/// that of Debian 12 (7.88) neither encodes the path nor sorts and encodes the query as the signature requires
/// (https://github.com/curl/curl/issues/13754, 11794 and 8107), so that keys with spaces, '+' or '=' are refused.
/// Method: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifacts/s3_time.h"
#include "base/secret.h"

namespace winnow {

struct S3Keys {
  std::string access_key_id;  ///< identifies the secret, and is sent with every request
  Secret secret_access_key;
  Secret session_token;  ///< token of temporary credentials; otherwise empty
};

using S3Pairs = std::vector<std::pair<std::string, std::string>>;

struct S3SignedRequest {
  std::string method;   ///< "GET"
  std::string path;     ///< as it is sent: percent-encoded, beginning with '/'
  S3Pairs query;        ///< names and values, not encoded
  S3Pairs headers;      ///< all headers to be signed, "host" included, with lower-case names
  std::string payload;  ///< the SHA-256 of the body, or "UNSIGNED-PAYLOAD"
};

/// Returns the value of the header Authorization. The caller sends all headers of the request, which include x-amz-date
/// with AmzDate(time), and for temporary credentials x-amz-security-token.
std::string S3Authorization(const S3SignedRequest& request, const S3Keys& keys, std::string_view region, S3Time time,
                            std::string_view service = "s3");

/// Returns the query of a URL with names and values encoded, sorted as signatures require: "a=b&c=".
std::string S3Query(const S3Pairs& query);

}  // namespace winnow

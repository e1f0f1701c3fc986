/// The errors of S3 as errors of Winnow: what happened, where, and what to try.
/// Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
#pragma once

#include <string_view>

#include "artifacts/s3_xml.h"
#include "base/result.h"

namespace winnow {

/// Returns the error for a refused request. `where` is the URL of the object, `doing` what was tried ("cannot write"),
/// `permission` the permission that it needs ("s3:PutObject"). Of the server's message, the first 300 bytes are quoted,
/// without control characters.
Error S3Refusal(int status, const S3ErrorAnswer& answer, std::string_view where, std::string_view doing,
                std::string_view permission);

}  // namespace winnow

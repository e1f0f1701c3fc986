#include "artifacts/s3_refusal.h"

#include <fmt/format.h>

#include <string>

#include "base/log.h"

namespace winnow {
namespace {

struct Meaning {
  ErrorCode code;
  std::string hint;
};

Meaning MeaningOf(int status, std::string_view code, std::string_view permission) {
  if (code == "NoSuchBucket")
    return {ErrorCode::kNotFound, "check the bucket's name and the endpoint; Winnow does not create buckets"};
  if (code == "NoSuchKey" || code == "NoSuchUpload" || status == 404) return {ErrorCode::kNotFound, {}};
  if (code == "InvalidAccessKeyId")
    return {ErrorCode::kInvalidArgument,
            "check AWS_ACCESS_KEY_ID or the profile, and that the endpoint is the right one"};
  if (code == "SignatureDoesNotMatch") {
    return {
        ErrorCode::kInvalidArgument,
        "check AWS_SECRET_ACCESS_KEY or the profile; a proxy between here and the service must not change requests"};
  }
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired")
    return {ErrorCode::kInvalidArgument, "the session token has expired or is not valid; sign in again"};
  if (code == "RequestTimeTooSkewed")
    return {ErrorCode::kInvalidArgument, "set the clock of this machine, for instance with systemd-timesyncd"};
  if (code == "AuthorizationHeaderMalformed")
    return {ErrorCode::kInvalidArgument, "set the region of the bucket: AWS_REGION, or ?region=REGION in the URL"};
  if (code == "InvalidBucketName") return {ErrorCode::kInvalidArgument, "check the bucket's name"};
  if (status == 401 || status == 403)
    return {ErrorCode::kIo, fmt::format("the credentials need the permission {} (docs/artifacts.md)", permission)};
  if (status == 507 || code == "QuotaExceeded" || code == "XMinioStorageFull")
    return {ErrorCode::kIo, "free some space in the bucket, or raise its quota"};
  if (status >= 300 && status < 400)
    return {ErrorCode::kInvalidArgument, "the bucket is elsewhere; check the endpoint and the region"};
  if (status >= 500) return {ErrorCode::kNetwork, "the storage service does not work at the moment; try again later"};
  return {ErrorCode::kNetwork, {}};
}

}  // namespace

Error S3Refusal(int status, const S3ErrorAnswer& answer, std::string_view where, std::string_view doing,
                std::string_view permission) {
  constexpr size_t kMaxQuoted = 300;
  Meaning meaning = MeaningOf(status, answer.code, permission);
  std::string message = fmt::format("{}: {}: the storage service responded with status {}", where, doing, status);
  if (!answer.code.empty()) message += " " + Printable(answer.code.substr(0, 60));
  if (!answer.message.empty()) message += ": " + Printable(answer.message.substr(0, kMaxQuoted));
  return {meaning.code, std::move(message), std::move(meaning.hint)};
}

}  // namespace winnow

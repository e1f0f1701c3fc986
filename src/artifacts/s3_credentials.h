/// The credentials of a store: where they come from, and their renewal.
#pragma once

#include <optional>

#include "artifacts/aws_settings.h"
#include "artifacts/metadata_credentials.h"
#include "artifacts/s3_signature.h"
#include "base/mutex.h"
#include "base/result.h"

namespace winnow {

/// Looks for credentials when they are first needed: in the profile that the URL names; AWS_ACCESS_KEY_ID,
/// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; the profile of the environment; the role of a Kubernetes service
/// account; the service of the container; the metadata service of the machine. For gs:// the first three, since
/// Google's HMAC keys come from no service. Thread-safe.
class S3Credentials {
 public:
  S3Credentials(S3Address address, AwsSettings settings);

  /// Returns the credentials. Temporary ones are renewed five minutes before they expire; if that fails, they are used
  /// until they expire. Errors: kInvalidArgument if there are none, with the places that were looked at; kUnsupported
  /// for a profile whose kind of sign-in is not supported; errors of their sources.
  Result<S3Keys> Keys(S3Time now);

  /// Forgets credentials that the storage service has called expired, so that Keys looks for new ones.
  void Expire(const S3Keys& keys);

 private:
  Result<TemporaryKeys> Find() const;

  const S3Address address_;
  AwsSettings settings_;
  Mutex mutex_;
  std::optional<TemporaryKeys> current_ GUARDED_BY(mutex_);
  std::optional<S3Time> next_renewal_ GUARDED_BY(mutex_);  // after one that failed
  bool expired_ GUARDED_BY(mutex_) = false;                // read the files again
};

}  // namespace winnow

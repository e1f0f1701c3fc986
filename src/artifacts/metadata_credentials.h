/// Temporary credentials that AWS gives to its machines and containers.
#pragma once

#include <optional>
#include <string_view>

#include "artifacts/s3_signature.h"
#include "artifacts/s3_time.h"
#include "base/result.h"

namespace winnow {

struct TemporaryKeys {
  S3Keys keys;
  std::optional<S3Time> expires;
};

/// Exchanges the token of a Kubernetes service account (IAM roles for service accounts: AWS_WEB_IDENTITY_TOKEN_FILE and
/// AWS_ROLE_ARN) for credentials, at the token service of the region or at AWS_ENDPOINT_URL_STS. Returns nothing if the
/// variables are not set. Errors: kNotFound, kIo for the token's file; kInvalidArgument; kNetwork.
/// Protocol: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html.
Result<std::optional<TemporaryKeys>> WebIdentityKeys(std::string_view region);

/// Asks the service of the container (ECS, EKS Pod Identity) that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
/// AWS_CONTAINER_CREDENTIALS_FULL_URI names. Returns nothing if neither is set. A full URI must be https, or that of
/// this machine or of a container service. Errors: kInvalidArgument, kNetwork.
/// Protocol: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
Result<std::optional<TemporaryKeys>> ContainerKeys();

/// Asks the metadata service of EC2 by its version 2, whose requests carry a token. Returns nothing if there is none
/// within about a second, if AWS_EC2_METADATA_DISABLED is true, or if the machine has no role. Errors: kNetwork for
/// answers that are not valid.
/// Protocol: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html.
Result<std::optional<TemporaryKeys>> InstanceKeys();

}  // namespace winnow

#include "artifacts/s3_credentials.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/environment.h"
#include "base/log.h"

namespace winnow {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};
constexpr std::chrono::seconds kRenewAgainAfter{30};

/// Checks that keys can be sent in a header.
Result<TemporaryKeys> Checked(S3Keys keys, std::string_view where) {
  for (const std::string* text : {&std::as_const(keys.access_key_id), &keys.session_token.Reveal()}) {
    for (const char c : *text) {
      if (c > ' ' && c < '\x7f') continue;
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the access key or session token of {} contains a character that it cannot have", where),
                  "check it for spaces, line ends and quotation marks");
    }
  }
  return TemporaryKeys{std::move(keys), std::nullopt};
}

Result<std::optional<TemporaryKeys>> EnvironmentKeys() {
  const auto id = EnvironmentVariable("AWS_ACCESS_KEY_ID"), secret = EnvironmentVariable("AWS_SECRET_ACCESS_KEY");
  if (!id && !secret) return std::nullopt;
  if (!id || !secret) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} is set, and {} is not", id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                            id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"),
                "set both, or neither to use a profile");
  }
  const std::string token = EnvironmentVariable("AWS_SESSION_TOKEN").value_or("");
  return TRY(Checked({*id, Secret(*secret), Secret(token)}, "the environment"));
}

Result<std::optional<TemporaryKeys>> ProfileKeys(const AwsSettings& settings) {
  const auto setting = [&](const char* name) {
    const auto found = settings.profile.find(name);
    return found == settings.profile.end() ? std::string() : found->second;
  };
  const std::string id = setting("aws_access_key_id"), secret = setting("aws_secret_access_key");
  const std::string where = fmt::format("the profile '{}'", settings.profile_name);
  if (!id.empty() && !secret.empty())
    return TRY(Checked({id, Secret(secret), Secret(setting("aws_session_token"))}, where));
  if (id.empty() != secret.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has only one of aws_access_key_id and aws_secret_access_key", where),
                "add the other one");
  }
  for (const char* other :
       {"role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file", "login_session"}) {
    if (setting(other).empty()) continue;
    return Fail(ErrorCode::kUnsupported, fmt::format("{} signs in by {}, which is not supported", where, other),
                fmt::format("have AWS's command line sign in: eval \"$(aws configure export-credentials --profile {} "
                            "--format env)\"",
                            settings.profile_name));
  }
  return std::nullopt;
}

}  // namespace

S3Credentials::S3Credentials(S3Address address, AwsSettings settings)
    : address_(std::move(address)), settings_(std::move(settings)) {}

Result<TemporaryKeys> S3Credentials::Find() const {
  if (settings_.profile_chosen) {
    if (auto keys = TRY(ProfileKeys(settings_))) return *keys;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the profile '{}' has no keys", settings_.profile_name),
                "add aws_access_key_id and aws_secret_access_key to it in ~/.aws/credentials");
  }
  if (auto keys = TRY(EnvironmentKeys())) return *keys;
  if (auto keys = TRY(ProfileKeys(settings_))) return *keys;
  if (address_.is_google) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: there are no credentials", address_.name),
                "create an HMAC key (gcloud storage hmac create SERVICE_ACCOUNT), and set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY to it, or name a profile: ?profile=NAME");
  }
  if (auto keys = TRY(WebIdentityKeys(settings_.region))) return *keys;
  if (auto keys = TRY(ContainerKeys())) return *keys;
  if (auto keys = TRY(InstanceKeys())) return *keys;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: there are no credentials", address_.name),
              fmt::format("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add the profile '{}' to "
                          "~/.aws/credentials; no service of a container or of an EC2 machine answered either",
                          settings_.profile_name));
}

Result<S3Keys> S3Credentials::Keys(S3Time now) {
  const MutexLock lock(mutex_);
  const bool renew = !current_ || (current_->expires && now + kRenewBefore >= *current_->expires &&
                                   (!next_renewal_ || now >= *next_renewal_));
  if (!renew) return current_->keys;
  if (expired_) {
    // What somebody has signed in for meanwhile is in the files.
    settings_ = TRY(ReadAwsSettings(address_));
    expired_ = false;
  }
  Result<TemporaryKeys> found = Find();
  if (found) {
    current_ = std::move(*found);
    next_renewal_.reset();
    return current_->keys;
  }
  if (!current_ || now >= *current_->expires) return std::unexpected(std::move(found).error());
  LogWarning("the credentials of {} expire soon and cannot be renewed: {}", address_.name, found.error().message);
  next_renewal_ = now + kRenewAgainAfter;
  return current_->keys;
}

void S3Credentials::Expire(const S3Keys& keys) {
  const MutexLock lock(mutex_);
  if (!current_ || current_->keys.access_key_id != keys.access_key_id ||
      current_->keys.session_token.Reveal() != keys.session_token.Reveal())
    return;
  current_.reset();
  expired_ = true;
}

}  // namespace winnow

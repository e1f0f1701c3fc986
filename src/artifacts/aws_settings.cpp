#include "artifacts/aws_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/ascii.h"
#include "base/environment.h"
#include "base/files.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 1 << 20;

/// Reads one of the files; a file that does not exist has no profiles.
Result<std::map<std::string, AwsProfile>> ReadProfiles(const std::string& variable, const std::string& name,
                                                       bool is_config) {
  std::optional<std::string> file = EnvironmentVariable(variable);
  if (!file) {
    const std::optional<std::string> home = EnvironmentVariable("HOME");
    if (!home) return std::map<std::string, AwsProfile>();
    file = (fs::path(*home) / ".aws" / name).string();
  }
  // A file that others can write could send models and signatures to an endpoint of theirs.
  const Result<SecretFile> contents = ReadSecretFile(*file, kMaxFileBytes);
  if (!contents && contents.error().code == ErrorCode::kNotFound) return std::map<std::string, AwsProfile>();
  if (!contents) return std::unexpected(contents.error());
  auto profiles = ParseAwsProfiles(contents->contents, is_config);
  if (!profiles) profiles.error().message = *file + ", " + profiles.error().message;
  return profiles;
}

std::string FirstOf(std::initializer_list<std::optional<std::string>> values) {
  for (const auto& value : values) {
    if (value && !value->empty()) return *value;
  }
  return {};
}

std::optional<std::string> Setting(const AwsProfile& profile, const std::string& name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::nullopt : std::optional(found->second);
}

/// True for a bucket that can be a part of a host name and of its certificate: dots would make more labels of it.
bool FitsHostName(std::string_view bucket) {
  return bucket.size() <= 63 && bucket.front() != '-' && bucket.back() != '-' &&
         std::ranges::all_of(bucket, [](char c) { return IsAsciiLower(c) || IsAsciiDigit(c) || c == '-'; });
}

}  // namespace

Result<AwsSettings> ReadAwsSettings(const S3Address& address) {
  AwsSettings settings;
  settings.profile_chosen = !address.profile.empty();
  const std::string named =
      FirstOf({address.profile, EnvironmentVariable("AWS_PROFILE"), EnvironmentVariable("AWS_DEFAULT_PROFILE")});
  settings.profile_name = named.empty() ? "default" : named;
  auto config = TRY(ReadProfiles("AWS_CONFIG_FILE", "config", /*is_config=*/true));
  auto credentials = TRY(ReadProfiles("AWS_SHARED_CREDENTIALS_FILE", "credentials", /*is_config=*/false));
  if (!named.empty() && !config.contains(named) && !credentials.contains(named)) {
    return Fail(ErrorCode::kNotFound, fmt::format("there is no profile '{}' in AWS's files", named),
                "the files are ~/.aws/credentials and ~/.aws/config, or those that AWS_SHARED_CREDENTIALS_FILE and "
                "AWS_CONFIG_FILE name");
  }
  settings.profile = credentials[settings.profile_name];
  settings.profile.merge(config[settings.profile_name]);

  if (address.is_google) {
    settings.region = FirstOf({address.region, "auto"});
    settings.endpoint = FirstOf({address.endpoint, "https://storage.googleapis.com"});
  } else {
    settings.region =
        FirstOf({address.region, EnvironmentVariable("AWS_REGION"), EnvironmentVariable("AWS_DEFAULT_REGION"),
                 Setting(settings.profile, "region"), "us-east-1"});
    settings.endpoint = FirstOf({address.endpoint, EnvironmentVariable("AWS_ENDPOINT_URL_S3"),
                                 EnvironmentVariable("AWS_ENDPOINT_URL"), Setting(settings.profile, "endpoint_url")});
  }
  const bool is_aws = settings.endpoint.empty();
  if (is_aws) settings.endpoint = AwsEndpoint(settings.region);
  const S3Endpoint endpoint = TRY(ParseS3Endpoint(settings.endpoint));
  settings.endpoint = endpoint.scheme + "://" + endpoint.host;
  settings.path_style = address.style == S3Address::kPath ||
                        (address.style == S3Address::kAutomatic && (!is_aws || !FitsHostName(address.bucket)));
  return settings;
}

}  // namespace winnow

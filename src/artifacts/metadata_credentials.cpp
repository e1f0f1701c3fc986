#include "artifacts/metadata_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "artifacts/s3_url.h"
#include "artifacts/s3_xml.h"
#include "base/ascii.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/percent_encoding.h"
#include "net/http.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;

/// Returns the options of requests to metadata services, which answer at once where they exist, and which no proxy
/// reaches.
HttpOptions MetadataOptions() {
  HttpOptions options;
  options.follow_redirects = false;
  options.use_proxy = false;
  options.retries = 2;
  options.unanswered_retries = 0;
  options.connect_timeout = milliseconds(1000);
  options.attempt_timeout = milliseconds(2000);
  options.max_body_bytes = 1 << 20;
  return options;
}

std::unexpected<Error> BadAnswer(std::string_view what) {
  return Fail(ErrorCode::kNetwork, fmt::format("the service of temporary credentials {}", what),
              "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile");
}

/// Checks what the services have in common, and returns the credentials.
Result<TemporaryKeys> Made(std::string id, std::string secret, std::string token, const std::string& expiration) {
  TemporaryKeys temporary{{std::move(id), Secret(std::move(secret)), Secret(std::move(token))}, std::nullopt};
  if (temporary.keys.access_key_id.empty() || temporary.keys.secret_access_key.empty())
    return BadAnswer("sent an answer without AccessKeyId and SecretAccessKey");
  if (expiration.empty()) return temporary;
  temporary.expires = ParseIsoTime(expiration);
  if (!temporary.expires) return BadAnswer("sent a time of expiration that is not valid");
  return temporary;
}

/// Reads the credentials' document. It is never quoted, not even in part.
Result<TemporaryKeys> ParseKeys(std::string_view body) {
  const Result<Json> json = ParseJsonLeniently(body);
  if (!json || !json->is_object()) return BadAnswer("sent an answer that is not a JSON object");
  const auto text = [&](std::string_view name) {
    const Json* const value = json->Find(name);
    return value != nullptr && value->is_string() ? value->str() : std::string();
  };
  return Made(text("AccessKeyId"), text("SecretAccessKey"), text("Token"), text("Expiration"));
}

/// The services that AWS documents, besides this machine itself, for requests without encryption.
bool MayBePlain(std::string_view host) {
  constexpr std::array<std::string_view, 6> kHosts = {"localhost",      "[::1]",          "169.254.170.2",
                                                      "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1"};
  if (const size_t port = host.rfind(':'); port != std::string_view::npos && host.back() != ']')
    host = host.substr(0, port);
  return std::ranges::find(kHosts, host) != kHosts.end();
}

/// Returns the URL of the container's service, or nothing.
Result<std::optional<std::string>> ContainerUrl() {
  if (const auto relative = EnvironmentVariable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    if (!relative->starts_with('/')) {
      return Fail(ErrorCode::kInvalidArgument, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'",
                  "remove the variable, or set it to the path that the container service gives");
    }
    return "http://169.254.170.2" + *relative;
  }
  auto full = EnvironmentVariable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!full) return std::nullopt;
  const size_t path = full->find('/', full->find("://") == std::string::npos ? 0 : full->find("://") + 3);
  const Result<S3Endpoint> endpoint = ParseS3Endpoint(full->substr(0, path));
  if (!endpoint || (endpoint->scheme != "https" && !MayBePlain(endpoint->host))) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor the URL of this machine or of a container service",
        "credentials are not requested over the network without encryption");
  }
  return full;
}

}  // namespace

Result<std::optional<TemporaryKeys>> WebIdentityKeys(std::string_view region) {
  const auto file = EnvironmentVariable("AWS_WEB_IDENTITY_TOKEN_FILE"), role = EnvironmentVariable("AWS_ROLE_ARN");
  if (!file || !role) return std::nullopt;
  std::string token = TRY(ReadFile(*file));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const std::string endpoint =
      EnvironmentVariable("AWS_ENDPOINT_URL_STS")
          .value_or(fmt::format("https://sts.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : ""));
  const S3Endpoint parsed = TRY(ParseS3Endpoint(endpoint));
  if (parsed.scheme != "https" && !MayBePlain(parsed.host)) {
    return Fail(ErrorCode::kInvalidArgument, "AWS_ENDPOINT_URL_STS is neither https nor the URL of this machine",
                "credentials are not requested over the network without encryption");
  }
  const std::string session = EnvironmentVariable("AWS_ROLE_SESSION_NAME").value_or("winnow");
  const std::string body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" + PercentEncoded(*role) +
                           "&RoleSessionName=" + PercentEncoded(session) + "&WebIdentityToken=" + PercentEncoded(token);
  HttpOptions options;
  options.max_body_bytes = 1 << 20;
  const HttpAnswer answer = TRY(
      HttpClient(options).Post(parsed.scheme + "://" + parsed.host + "/", body, "application/x-www-form-urlencoded"));
  const Result<XmlElement> document = ParseXml(answer.body);
  if (!answer.ok()) {
    const XmlElement* const error = document ? document->Child("Error") : nullptr;
    return BadAnswer(fmt::format("answered with status {}{}", answer.status,
                                 error == nullptr ? "" : " " + Printable(error->Text("Code").substr(0, 60))));
  }
  const XmlElement* const result = document ? document->Child("AssumeRoleWithWebIdentityResult") : nullptr;
  const XmlElement* const keys = result == nullptr ? nullptr : result->Child("Credentials");
  if (keys == nullptr) return BadAnswer("sent an answer without credentials");
  return TRY(Made(keys->Text("AccessKeyId"), keys->Text("SecretAccessKey"), keys->Text("SessionToken"),
                  keys->Text("Expiration")));
}

Result<std::optional<TemporaryKeys>> ContainerKeys() {
  const std::optional<std::string> url = TRY(ContainerUrl());
  if (!url) return std::nullopt;
  HttpOptions options = MetadataOptions();
  Secret token(EnvironmentVariable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or(""));
  // The file goes first, since its token is renewed.
  if (const auto file = EnvironmentVariable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    std::string contents = TRY(ReadFile(*file));
    while (!contents.empty() && (contents.back() == '\n' || contents.back() == '\r')) contents.pop_back();
    token = Secret(contents);
  }
  if (token.Reveal().find_first_of("\r\n") != std::string::npos)
    return Fail(ErrorCode::kInvalidArgument, "the token for the service of temporary credentials contains a line end");
  if (!token.empty()) options.headers.push_back("Authorization: " + token.Reveal());
  const HttpAnswer answer = TRY(HttpGet(*url, options));
  if (answer.status != 200) return BadAnswer(fmt::format("of this container answered with status {}", answer.status));
  return TRY(ParseKeys(answer.body));
}

Result<std::optional<TemporaryKeys>> InstanceKeys() {
  if (LowerAscii(EnvironmentVariable("AWS_EC2_METADATA_DISABLED").value_or("")) == "true") return std::nullopt;
  std::string base = EnvironmentVariable("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
  while (base.ends_with('/')) base.pop_back();
  HttpOptions options = MetadataOptions();
  const Result<HttpAnswer> token = HttpClient(options).Put(base + "/latest/api/token", "", "text/plain",
                                                           {"X-aws-ec2-metadata-token-ttl-seconds: 21600"});
  if (!token || token->status != 200 || token->body.find_first_of("\r\n") != std::string::npos) return std::nullopt;
  options.headers.push_back("X-aws-ec2-metadata-token: " + token->body);
  const std::string path = base + "/latest/meta-data/iam/security-credentials/";
  HttpClient client(options);
  const HttpAnswer roles = TRY(client.Get(path));
  if (roles.status == 404) return std::nullopt;
  const std::string role = roles.body.substr(0, roles.body.find('\n'));
  if (roles.status != 200 || role.empty()) return BadAnswer("of this machine did not name a role");
  const HttpAnswer answer = TRY(client.Get(path + PercentEncoded(role, "/")));
  if (answer.status != 200) return BadAnswer(fmt::format("of this machine answered with status {}", answer.status));
  return TRY(ParseKeys(answer.body));
}

}  // namespace winnow

#include "artifacts/metadata_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "artifacts/s3_url.h"
#include "base/ascii.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/json.h"
#include "net/http.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;

/// These services answer at once, or there are none. A proxy does not reach them.
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

/// Reads the credentials' document. It is never quoted, not even in part.
Result<TemporaryKeys> ParseKeys(std::string_view body) {
  const Result<Json> json = ParseJsonLeniently(body);
  if (!json || !json->is_object()) return BadAnswer("sent an answer that is not a JSON object");
  const auto text = [&](std::string_view name) {
    const Json* const value = json->Find(name);
    return value != nullptr && value->is_string() ? value->str() : std::string();
  };
  TemporaryKeys temporary;
  temporary.keys.access_key_id = text("AccessKeyId");
  temporary.keys.secret_access_key = Secret(text("SecretAccessKey"));
  temporary.keys.session_token = Secret(text("Token"));
  if (temporary.keys.access_key_id.empty() || temporary.keys.secret_access_key.empty())
    return BadAnswer("sent an answer without AccessKeyId and SecretAccessKey");
  if (const std::string expiration = text("Expiration"); !expiration.empty()) {
    temporary.expires = ParseIsoTime(expiration);
    if (!temporary.expires) return BadAnswer("sent a time of expiration that is not valid");
  }
  return temporary;
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
  const HttpAnswer answer = TRY(client.Get(path + UrlEncodePath(role)));
  if (answer.status != 200) return BadAnswer(fmt::format("of this machine answered with status {}", answer.status));
  return TRY(ParseKeys(answer.body));
}

}  // namespace winnow

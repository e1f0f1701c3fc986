#include "artifacts/s3_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>

#include "support/error_of.h"
#include "support/http_server.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

const S3Time kNow{std::chrono::seconds(1795939200)};  // 2026-11-29T08:00:00Z

class S3CredentialsTest : public ::testing::Test {
 protected:
  S3CredentialsTest() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
          "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
          "AWS_ENDPOINT_URL_S3", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_ROLE_ARN", "AWS_ENDPOINT_URL_STS", "AWS_ROLE_SESSION_NAME"})
      ::unsetenv(name);
    ::setenv("HOME", directory_.path().c_str(), 1);
    ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  }
  void WriteAwsFile(const std::string& name, const std::string& contents) {
    std::filesystem::create_directories(directory_.path() / ".aws");
    std::ofstream(directory_.path() / ".aws" / name) << contents;
  }
  static Result<AwsSettings> Settings(const std::string& url) { return ReadAwsSettings(ParseS3Url(url).value()); }
  static Result<S3Keys> Keys(const std::string& url, S3Time now = kNow) {
    const S3Address address = ParseS3Url(url).value();
    return S3Credentials(address, TRY(ReadAwsSettings(address))).Keys(now);
  }

  TemporaryDirectory directory_;
};

TEST_F(S3CredentialsTest, SettingsHaveAnOrder) {
  AwsSettings settings = Settings("s3://models").value();
  EXPECT_EQ(settings.region, "us-east-1");
  EXPECT_EQ(settings.endpoint, "https://s3.us-east-1.amazonaws.com");
  EXPECT_FALSE(settings.path_style);
  EXPECT_TRUE(Settings("s3://models.example.com").value().path_style);
  WriteAwsFile(
      "config",
      "[default]\nregion = eu-west-1\nendpoint_url = https://minio.example:9000/\n[profile b]\nregion = x-1\n");
  settings = Settings("s3://models").value();
  EXPECT_EQ(settings.region, "eu-west-1");
  EXPECT_EQ(settings.endpoint, "https://minio.example:9000");
  EXPECT_TRUE(settings.path_style);
  EXPECT_FALSE(Settings("s3://models?addressing=virtual").value().path_style);
  ::setenv("AWS_REGION", "eu-west-2", 1);
  ::setenv("AWS_ENDPOINT_URL", "http://one", 1);
  EXPECT_EQ(Settings("s3://models").value().endpoint, "http://one");
  ::setenv("AWS_ENDPOINT_URL_S3", "http://two", 1);
  EXPECT_EQ(Settings("s3://models").value().endpoint, "http://two");
  EXPECT_EQ(Settings("s3://models").value().region, "eu-west-2");
  EXPECT_EQ(Settings("s3://models?endpoint=http://three&region=eu-west-3").value().endpoint, "http://three");
  EXPECT_EQ(Settings("s3://models?endpoint=http://three&region=eu-west-3").value().region, "eu-west-3");
  settings = Settings("gs://models").value();
  EXPECT_EQ(settings.endpoint, "https://storage.googleapis.com");
  EXPECT_EQ(settings.region, "auto");
  EXPECT_TRUE(settings.path_style);
  EXPECT_EQ(ErrorOf(Settings("s3://models?profile=none")).code, ErrorCode::kNotFound);
}

TEST_F(S3CredentialsTest, NamedProfileGoesBeforeTheEnvironment) {
  WriteAwsFile("credentials",
               "[default]\naws_access_key_id=A\naws_secret_access_key=a\n"
               "[b]\naws_access_key_id=B\naws_secret_access_key=b\naws_session_token=t\n[half]\naws_access_key_id=C\n");
  WriteAwsFile("config", "[profile sso]\nsso_session = x\n");
  EXPECT_EQ(Keys("s3://models").value().access_key_id, "A");
  ::setenv("AWS_PROFILE", "b", 1);
  EXPECT_EQ(Keys("s3://models").value().access_key_id, "B");
  EXPECT_EQ(Keys("s3://models").value().session_token.Reveal(), "t");
  ::setenv("AWS_ACCESS_KEY_ID", "E", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "e", 1);
  EXPECT_EQ(Keys("s3://models").value().access_key_id, "E");
  EXPECT_EQ(Keys("s3://models?profile=default").value().access_key_id, "A");
  EXPECT_EQ(ErrorOf(Keys("s3://models?profile=half")).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(Keys("s3://models?profile=sso")).code, ErrorCode::kUnsupported);
}

TEST_F(S3CredentialsTest, FilesThatOthersCanWriteAreRefused) {
  WriteAwsFile("credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=a\n");
  std::filesystem::permissions(directory_.path() / ".aws" / "credentials", std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(ErrorOf(Keys("s3://models")).code, ErrorCode::kIo);
}

TEST_F(S3CredentialsTest, TokenOfAServiceAccountIsExchanged) {
  std::atomic<int> status = 200;
  const TestServer server([&](const TestRequest&) {
    if (status != 200)
      return TestReply{status, "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>", {}};
    return TestReply{
        200,
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
        "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret"
        "</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2026-11-29T09:00:00Z</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        {}};
  });
  std::ofstream(directory_.path() / "token") << "web+identity/token\n";
  ::setenv("AWS_WEB_IDENTITY_TOKEN_FILE", (directory_.path() / "token").c_str(), 1);
  ::setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/winnow", 1);
  ::setenv("AWS_ENDPOINT_URL_STS", server.url().c_str(), 1);
  const S3Keys keys = Keys("s3://models").value();
  EXPECT_EQ(keys.access_key_id, "ASIA1");
  EXPECT_EQ(keys.session_token.Reveal(), "session");
  EXPECT_EQ(server.requests().at(0).body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fwinnow"
            "&RoleSessionName=winnow&WebIdentityToken=web%2Bidentity%2Ftoken");
  status = 400;
  const Error error = ErrorOf(Keys("s3://models"));
  EXPECT_THAT(error.message, HasSubstr("status 400 ExpiredTokenException"));
  EXPECT_THAT(error.Text(), ::testing::Not(HasSubstr("identity")));
}

/// A container's service whose credentials expire at the time that the test sets.
class ContainerTest : public S3CredentialsTest {
 protected:
  ContainerTest()
      : server_([this](const TestRequest& request) {
          if (request.path != "/keys" || request.headers.count("authorization") == 0) return TestReply{403, "", {}};
          ++given_;
          if (fails_) return TestReply{404, "", {}};
          return TestReply{200,
                           "{\"AccessKeyId\": \"K" + std::to_string(given_) +
                               "\", \"SecretAccessKey\": \"secret\", \"Token\": \"token\", \"Expiration\": \"" +
                               expires_ + "\"}",
                           {}};
        }) {
    ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", (server_.url() + "/keys").c_str(), 1);
    ::setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "allowed", 1);
  }

  std::atomic<int> given_ = 0;
  std::atomic<bool> fails_ = false;
  std::string expires_ = "2026-11-29T09:00:00Z";
  TestServer server_;
};

TEST_F(ContainerTest, CredentialsAreRenewedBeforeTheyExpire) {
  using std::chrono::minutes;
  const S3Address address = ParseS3Url("s3://models").value();
  S3Credentials credentials(address, ReadAwsSettings(address).value());
  EXPECT_EQ(credentials.Keys(kNow).value().access_key_id, "K1");
  EXPECT_EQ(credentials.Keys(kNow + minutes(54)).value().access_key_id, "K1");
  expires_ = "2026-11-29T10:00:00Z";
  EXPECT_EQ(credentials.Keys(kNow + minutes(56)).value().access_key_id, "K2");
  // While they cannot be renewed, they are used as long as they are valid, and the service is not asked each time.
  fails_ = true;
  EXPECT_EQ(credentials.Keys(kNow + minutes(116)).value().access_key_id, "K2");
  EXPECT_EQ(credentials.Keys(kNow + minutes(116)).value().access_key_id, "K2");
  EXPECT_EQ(given_, 3);
  EXPECT_EQ(ErrorOf(credentials.Keys(kNow + minutes(121))).code, ErrorCode::kNetwork);
  fails_ = false;
  EXPECT_EQ(credentials.Keys(kNow + minutes(122)).value().access_key_id, "K5");
}

TEST_F(ContainerTest, CredentialsThatTheServiceCallsExpiredAreRenewed) {
  const S3Address address = ParseS3Url("s3://models").value();
  S3Credentials credentials(address, ReadAwsSettings(address).value());
  const S3Keys keys = credentials.Keys(kNow).value();
  credentials.Expire(keys);
  EXPECT_EQ(credentials.Keys(kNow).value().access_key_id, "K2");
  credentials.Expire(keys);  // by another thread, late: those are renewed already
  EXPECT_EQ(credentials.Keys(kNow).value().access_key_id, "K2");
}

TEST_F(ContainerTest, AnswersThatAreNotValidAreNotQuoted) {
  expires_ = "secret time";
  const Error error = ErrorOf(Keys("s3://models"));
  EXPECT_EQ(error.code, ErrorCode::kNetwork);
  EXPECT_THAT(error.Text(), ::testing::Not(HasSubstr("secret")));
  ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/keys", 1);
  EXPECT_THAT(ErrorOf(Keys("s3://models")).Text(), HasSubstr("without encryption"));
}

}  // namespace
}  // namespace winnow

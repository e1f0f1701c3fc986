#include "artifacts/s3_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/error_of.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(S3Url, BucketPrefixAndParameters) {
  const S3Address plain = ParseS3Url("s3://models").value();
  EXPECT_EQ(plain.bucket, "models");
  EXPECT_EQ(plain.prefix, "");
  EXPECT_EQ(plain.name, "s3://models/");
  EXPECT_FALSE(plain.is_google);
  const S3Address full = ParseS3Url(
                             "s3://my-models.example/team%20a/spam?endpoint=http%3A%2F%2FMinio.local:9000/"
                             "&region=eu-central-1&profile=prod&addressing=virtual")
                             .value();
  EXPECT_EQ(full.bucket, "my-models.example");
  EXPECT_EQ(full.prefix, "team a/spam/");
  EXPECT_EQ(full.endpoint, "http://minio.local:9000");
  EXPECT_EQ(full.region, "eu-central-1");
  EXPECT_EQ(full.profile, "prod");
  EXPECT_EQ(full.style, S3Address::kVirtualHost);
  EXPECT_EQ(full.name, "s3://my-models.example/team a/spam/");
  EXPECT_TRUE(ParseS3Url("gs://models/a/").value().is_google);
}

TEST(S3Url, UrlsThatAreNotValidAreRefusedAndNotQuoted) {
  for (const std::string url :
       {"s3://", "s3:///prefix", "s3://ab", "s3://a b c/", "s3://models/../x", "s3://models//x", "s3://models/%zz",
        "s3://models?endpoint=ftp://secret", "s3://models?endpoint=http://user:secret@host",
        "s3://models?region=", "s3://models?region=a%2Fb", "s3://models?secret=secret", "s3://models?addressing=secret",
        "s3://KEY:secret@models/", "s3://KEY@models/secret", "http://models/"}) {
    const Error error = ErrorOf(ParseS3Url(url));
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << url;
    EXPECT_THAT(error.Text(), Not(HasSubstr("secret"))) << url;
  }
}

TEST(S3Url, EndpointsLoseTheUsualPort) {
  EXPECT_EQ(ParseS3Endpoint("https://host:443/").value().host, "host");
  EXPECT_EQ(ParseS3Endpoint("http://host:80").value().host, "host");
  EXPECT_EQ(ParseS3Endpoint("http://host:443").value().host, "host:443");
  EXPECT_EQ(ParseS3Endpoint("http://[::1]:9000").value().host, "[::1]:9000");
  EXPECT_EQ(AwsEndpoint("eu-west-1"), "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(AwsEndpoint("cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn");
}

}  // namespace
}  // namespace winnow
